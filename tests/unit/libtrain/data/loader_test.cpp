// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/data/loader.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>

#include "drawn_set.hpp"
#include "yolodata/core/error.hpp"
#include "yolotrain/data/record.hpp"

namespace yolotrain {
namespace {

using yolodata::shard::ShardSet;

constexpr int kImgsz = 64;

struct Loading : testing::Test {
    Loading() { test::draw_set(folder(), 22, 0, kImgsz); }
    std::string folder() const { return scratch / "set"; }
    std::shared_ptr<const ShardSet> open(const yolodata::shard::ReadOptions& how = {}) const {
        return std::make_shared<const ShardSet>(folder(), "train", how);
    }

    static LoaderOptions options(int workers) {
        LoaderOptions o;
        o.imgsz = kImgsz;
        o.batch = 8;
        o.seed = 5;
        o.augment.mixup = 0.3;
        o.workers = workers;
        return o;
    }
    std::unique_ptr<TrainLoader> loader(const LoaderOptions& o, const yolodata::shard::ReadOptions& how = {}) {
        quarantine = std::make_shared<Quarantine>();
        return std::make_unique<TrainLoader>(open(how), quarantine, o);
    }

    test::ScratchFolder scratch;
    std::shared_ptr<Quarantine> quarantine;
};

bool equal(const Batch& a, const Batch& b) {
    return at::equal(a.images, b.images) && at::equal(a.targets, b.targets) && a.records == b.records;
}

TEST_F(Loading, AnEpochHoldsEachRecordOnceAndItsLastStepTheRest) {
    const auto l = loader(options(2));
    EXPECT_EQ(l->size(), 22);
    ASSERT_EQ(l->steps(), 3);
    std::set<std::uint64_t> seen;
    for (std::int64_t step = 0; step < 3; ++step) {
        const Batch batch = l->batch(0, step);
        EXPECT_EQ(batch.images.sizes(), (at::IntArrayRef{step < 2 ? 8 : 6, 3, kImgsz, kImgsz}));
        EXPECT_EQ(batch.images.scalar_type(), at::kByte);
        EXPECT_EQ(batch.targets.size(1), 6);
        seen.insert(batch.records.begin(), batch.records.end());
    }
    EXPECT_EQ(seen.size(), 22u);
}

TEST_F(Loading, BatchesDependNeitherOnWorkersNorOnTheOrderOfCalls) {
    const auto reference = loader(options(0));
    std::vector<Batch> expected;
    for (std::int64_t epoch = 0; epoch < 2; ++epoch) {
        for (std::int64_t step = 0; step < 3; ++step) expected.push_back(reference->batch(epoch, step));
    }
    EXPECT_FALSE(equal(expected[0], expected[3])) << "two epochs are in different order";
    for (const int workers : {1, 3}) {
        const auto l = loader(options(workers));
        for (const std::size_t i : {4u, 5u, 0u, 1u, 2u, 3u, 3u, 1u}) {
            const auto at = static_cast<std::int64_t>(i);
            EXPECT_TRUE(equal(l->batch(at / 3, at % 3), expected[i])) << workers << " workers, batch " << i;
        }
    }
}

TEST_F(Loading, BatchesDoNotDependOnHowTheFilesAreRead) {
    using yolodata::shard::IoMode;
    const auto reference = loader(options(0));
    for (const IoMode io : {IoMode::mmap, IoMode::pread, IoMode::direct}) {
        for (const bool drop : {false, true}) {
            LoaderOptions o = options(2);
            o.read_ahead_bytes = drop ? 1 : std::uint64_t{1} << 20;
            o.drop_behind = drop;
            const auto l = loader(o, {.io = io});
            for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
                for (std::int64_t step = 0; step < 3; ++step) {
                    EXPECT_TRUE(equal(l->batch(epoch, step), reference->batch(epoch, step)));
                }
            }
        }
    }
}

/// Pictures of sets that are not raw are kept for the mosaics to come; those of raw ones are read each time.
TEST_F(Loading, BatchesDoNotDependOnWhetherPicturesAreKept) {
    const std::string coded = scratch / "coded";
    test::draw_set(coded, 22, 0, kImgsz, "jpeg");
    for (const int workers : {0, 3}) {
        LoaderOptions o = options(workers);
        o.batch = 1;  // partners come from 8 positions: pictures fall out and are loaded again
        const auto read_each_time = loader(o);
        TrainLoader kept(std::make_shared<const ShardSet>(coded, "train"), std::make_shared<Quarantine>(), o);
        o.kept_bytes = 3 * 3 * kImgsz * kImgsz;
        TrainLoader few(std::make_shared<const ShardSet>(coded, "train"), std::make_shared<Quarantine>(), o);
        for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
            for (std::int64_t step = 0; step < 22; ++step) {
                const Batch batch = read_each_time->batch(epoch, step);
                ASSERT_TRUE(equal(kept.batch(epoch, step), batch)) << epoch << ", " << step;
                ASSERT_TRUE(equal(few.batch(epoch, step), batch)) << epoch << ", " << step;
            }
        }
    }
}

TEST_F(Loading, AnEpochOfVariantsShowsOneOfEachImageAsItIs) {
    test::draw_variants(folder(), 10, 3, kImgsz);
    const auto set = open();
    for (const int workers : {0, 2}) {
        const auto l = loader(options(workers));
        EXPECT_EQ(l->size(), 10);
        ASSERT_EQ(l->steps(), 2);
        for (std::int64_t epoch = 0; epoch < 4; ++epoch) {
            std::set<std::string> images;
            for (std::int64_t step = 0; step < 2; ++step) {
                const Batch batch = l->batch(epoch, step);
                for (std::size_t i = 0; i < batch.records.size(); ++i) {
                    const auto info = set->info(batch.records[i]);
                    EXPECT_EQ(info.variant, epoch % 3 + 1);
                    images.insert(info.source);
                    const yolodata::Sample sample = load_record(*set, batch.records[i], kImgsz);
                    const auto picture = at::from_blob(const_cast<std::uint8_t*>(sample.image.rgb.data()),
                                                       {kImgsz, kImgsz, 3}, at::kByte);
                    EXPECT_TRUE(at::equal(batch.images[static_cast<std::int64_t>(i)], picture.permute({2, 0, 1})));
                }
            }
            EXPECT_EQ(images.size(), 10u) << "epoch " << epoch;
        }
    }
    const auto l = loader(options(1));
    const auto first = l->batch(0, 0).records, again = l->batch(3, 0).records;
    EXPECT_NE(first, again) << "the same variant comes in another order";
}

TEST_F(Loading, ABadVariantIsReplacedByOneOfItsEpoch) {
    test::draw_variants(folder(), 10, 3, kImgsz);
    const auto bad = loader(options(0))->batch(1, 0).records[2];
    test::damage_record(folder(), "train", bad);
    const auto l = loader(options(1));
    const Batch batch = l->batch(1, 0);
    EXPECT_EQ(batch.records[2], batch.records[3]);
    ASSERT_EQ(quarantine->size(), 1u);
    EXPECT_EQ(quarantine->list().front().record, bad);
}

TEST_F(Loading, TargetsAreNormalisedAndAscendByImage) {
    const Batch batch = loader(options(1))->batch(0, 0);
    ASSERT_GT(batch.targets.size(0), 0);
    const auto image = batch.targets.select(1, 0);
    EXPECT_TRUE((image.slice(0, 1) >= image.slice(0, 0, -1)).all().item<bool>());
    EXPECT_TRUE((batch.targets.select(1, 1) < 2).all().item<bool>());
    const auto box = batch.targets.slice(1, 2);
    EXPECT_TRUE((box >= 0).all().item<bool>() && (box <= 1).all().item<bool>());
}

TEST_F(Loading, WithoutAugmentationTheRecordItselfComesOut) {
    LoaderOptions o = options(1);
    o.augment = {};
    o.augment.mosaic = o.augment.hsv_h = o.augment.hsv_s = o.augment.hsv_v = 0;
    o.augment.translate = o.augment.scale = o.augment.fliplr = 0;
    const Batch batch = loader(o)->batch(0, 1);
    const yolodata::Sample sample = load_record(*open(), batch.records[3], kImgsz);
    auto* const pixels = const_cast<std::uint8_t*>(sample.image.rgb.data());
    const auto picture = at::from_blob(pixels, {kImgsz, kImgsz, 3}, at::kByte);
    EXPECT_TRUE(at::equal(batch.images[3], picture.permute({2, 0, 1})));
}

TEST_F(Loading, PlainEpochsShowOnePictureEach) {
    LoaderOptions o = options(1);
    o.plain_from = 1;
    const auto l = loader(o);
    const auto boxes = [&](std::int64_t epoch) { return l->batch(epoch, 0).targets.size(0); };
    EXPECT_GT(boxes(0), 8);   // mosaics of four
    EXPECT_LE(boxes(1), 8);
}

TEST_F(Loading, ABadRecordIsReplacedByTheNextOfTheOrderWhoeverFindsIt) {
    const auto bad = loader(options(0))->batch(0, 0).records[2];
    test::damage_record(folder(), "train", bad);
    const auto reference = loader(options(0));
    std::vector<Batch> expected;
    for (std::int64_t step = 0; step < 3; ++step) expected.push_back(reference->batch(0, step));
    const auto next = expected[0].records[3];
    EXPECT_EQ(expected[0].records[2], next);
    for (const Batch& batch : expected) {
        EXPECT_EQ(std::count(batch.records.begin(), batch.records.end(), bad), 0);
    }
    ASSERT_EQ(quarantine->size(), 1u);
    const BadRecord named = quarantine->list().front();
    EXPECT_EQ(named.record, bad);
    EXPECT_EQ(named.image, "images/" + std::to_string(bad) + ".png");
    EXPECT_NE(named.shard.find("train-00000.yds"), std::string::npos);

    // Known from the start, found by three workers, found in another order: the same batches.
    const auto knowing = std::make_shared<Quarantine>(std::vector<BadRecord>{{bad, "", "", ""}});
    TrainLoader resumed(open(), knowing, options(2));
    const auto parallel = loader(options(3));
    for (const std::int64_t step : {2, 0, 1}) {
        EXPECT_TRUE(equal(resumed.batch(0, step), expected[static_cast<std::size_t>(step)]));
        EXPECT_TRUE(equal(parallel->batch(0, step), expected[static_cast<std::size_t>(step)]));
    }
}

TEST_F(Loading, ASetWithoutAUsableRecordIsAnError) {
    test::draw_set(folder(), 2, 0, kImgsz);
    for (const std::uint64_t record : {0u, 1u}) test::damage_record(folder(), "train", record);
    const auto l = loader(options(2));
    try {
        l->batch(0, 0);
        FAIL() << "no error";
    } catch (const yolodata::Error& error) {
        EXPECT_EQ(error.kind(), yolodata::ErrorKind::corrupt);
    }
}

TEST_F(Loading, TheBatchIsCutToTheSetAndStepsOutsideAreRefused) {
    LoaderOptions o = options(1);
    o.batch = 100;
    const auto l = loader(o);
    EXPECT_EQ(l->batch_size(), 22);
    EXPECT_EQ(l->steps(), 1);
    EXPECT_THROW(l->batch(0, 1), yolodata::Error);
    o.batch = 0;
    EXPECT_THROW(loader(o), yolodata::Error);
}

TEST_F(Loading, BatchesOutliveTheLoaderAndKeepTheirPixels) {
    auto l = loader(options(2));
    const Batch first = l->batch(0, 0);
    const at::Tensor copy = first.images.clone();
    for (std::int64_t step = 1; step < 3; ++step) l->batch(0, step);
    l.reset();
    EXPECT_TRUE(at::equal(first.images, copy));
}

TEST_F(Loading, BuffersAreUsedAgain) {
    LoaderOptions o = options(2);
    o.prefetch = 2;
    const auto l = loader(o);
    for (std::int64_t epoch = 0; epoch < 20; ++epoch) {
        for (std::int64_t step = 0; step < 3; ++step) l->batch(epoch, step);
    }
    const std::uint64_t one = 8 * 3 * kImgsz * kImgsz;
    EXPECT_LE(l->buffer_bytes(), 6 * one);
}

}  // namespace
}  // namespace yolotrain
