// SPDX-License-Identifier: Apache-2.0
#include "yolodata/augment/online.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

#include "yolodata/core/random.hpp"

namespace yolodata {
namespace {

// A plain picture whose level names its number, with one box.
Sample numbered(std::uint64_t number) {
    Sample sample{Picture(64, 48), {{static_cast<std::int32_t>(number), 8, 8, 56, 40}}};
    std::fill(sample.image.rgb.begin(), sample.image.rgb.end(),
              static_cast<std::uint8_t>(120 + number));
    return sample;
}

OnlineContext make_context(std::uint64_t n, std::uint64_t window) {
    OnlineContext context;
    context.n = n, context.window = window, context.imgsz = 64;
    context.record_at = [n](std::uint64_t position) { return n - 1 - position; };
    return context;
}

bool same(const Sample& a, const Sample& b) {
    if (a.image.rgb != b.image.rgb || a.boxes.size() != b.boxes.size()) return false;
    for (std::size_t i = 0; i < a.boxes.size(); ++i)
        if (a.boxes[i].cls != b.boxes[i].cls || a.boxes[i].x1 != b.boxes[i].x1 ||
            a.boxes[i].y2 != b.boxes[i].y2)
            return false;
    return true;
}

TEST(Online, IsAFunctionOfItsKeyAlone) {
    const OnlineContext context = make_context(50, 20);
    AugmentOptions options;
    options.mixup = 0.5, options.degrees = 10;
    std::vector<Sample> alone, threaded(50);
    for (std::uint64_t p = 0; p < 50; ++p)
        alone.push_back(make_training_sample(context, p, options, numbered));
    std::vector<std::thread> threads;
    for (std::uint64_t t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            for (std::uint64_t p = 49 - t; p < 50; p -= 4)
                threaded[p] = make_training_sample(context, p, options, numbered);
        });
    for (auto& thread : threads) thread.join();
    for (std::uint64_t p = 0; p < 50; ++p) EXPECT_TRUE(same(alone[p], threaded[p])) << p;
}

TEST(Online, SeedEpochAndPositionMatter) {
    OnlineContext context = make_context(50, 20);
    const Sample first = make_training_sample(context, 7, {}, numbered);
    EXPECT_FALSE(same(first, make_training_sample(context, 8, {}, numbered)));
    context.epoch = 1;
    EXPECT_FALSE(same(first, make_training_sample(context, 7, {}, numbered)));
    context.epoch = 0, context.seed = 1;
    EXPECT_FALSE(same(first, make_training_sample(context, 7, {}, numbered)));
}

TEST(Online, PartnersComeFromTheWindowBefore) {
    const std::uint64_t n = 40, window = 5;
    const OnlineContext context = make_context(n, window);
    for (std::uint64_t position : {0u, 3u, 20u, 39u}) {
        std::vector<std::uint64_t> asked;
        std::set<std::uint64_t> distances;
        OnlineContext counting = context;
        for (counting.epoch = 0; counting.epoch < 60; ++counting.epoch) {
            asked.clear();
            counting.record_at = [&](std::uint64_t p) {
                asked.push_back(p);
                return n - 1 - p;
            };
            make_training_sample(counting, position, {}, numbered);
            ASSERT_EQ(asked.size(), 4u);
            EXPECT_EQ(asked[0], position);
            for (int i = 1; i < 4; ++i)
                distances.insert((position + n - asked[static_cast<std::size_t>(i)]) % n);
        }
        EXPECT_THAT(distances, ::testing::ElementsAre(1, 2, 3, 4, 5));
    }
}

TEST(Online, ClosedMosaicReadsOnePicture) {
    OnlineContext context = make_context(10, 10);
    context.close_mosaic = true;
    AugmentOptions options;
    options.mixup = options.cutmix = 1;
    int reads = 0;
    const SampleSource source = [&reads](std::uint64_t number) {
        ++reads;
        return numbered(number);
    };
    for (std::uint64_t p = 0; p < 10; ++p) {
        const Sample sample = make_training_sample(context, p, options, source);
        EXPECT_EQ(sample.image.width, 64);
        EXPECT_EQ(sample.image.height, 64);
        EXPECT_LE(sample.boxes.size(), 1u);
    }
    EXPECT_EQ(reads, 10);
}

TEST(Online, WithoutAnyAugmentationIsALetterbox) {
    AugmentOptions none;
    none.hsv_h = none.hsv_s = none.hsv_v = none.translate = none.scale = none.fliplr = none.mosaic =
        0;
    const Sample sample = make_training_sample(make_context(10, 10), 9, none, numbered);
    ASSERT_EQ(sample.boxes.size(), 1u);
    EXPECT_EQ(sample.boxes[0].cls, 0);  // record_at(9)
    EXPECT_FLOAT_EQ(sample.boxes[0].y1, 16);
    EXPECT_FLOAT_EQ(sample.boxes[0].x2, 56);
    EXPECT_EQ(sample.image.row(7)[0], 114);
    EXPECT_EQ(sample.image.row(8)[0], 120);
    EXPECT_EQ(sample.image.row(55)[0], 120);
    EXPECT_EQ(sample.image.row(56)[0], 114);
}

TEST(Online, MixupReadsASecondMosaic) {
    AugmentOptions options;
    options.mixup = 1;
    int reads = 0;
    make_training_sample(make_context(30, 10), 5, options, [&reads](std::uint64_t number) {
        ++reads;
        return numbered(number);
    });
    EXPECT_EQ(reads, 8);
}

TEST(Online, ProbabilitiesHold) {
    AugmentOptions options;
    options.mosaic = 0.3, options.mixup = 0;
    const OnlineContext context = make_context(1000, 10);
    int mosaics = 0, mirrored = 0, singles = 0;
    for (std::uint64_t p = 0; p < 1000; ++p) {
        int reads = 0;
        const auto source = [&reads](std::uint64_t) {
            ++reads;
            Sample sample = numbered(1);
            sample.boxes[0] = {0, 0, 8, 24, 40};  // on the left
            return sample;
        };
        AugmentOptions still = options;
        still.translate = still.scale = 0;
        const Sample sample = make_training_sample(context, p, still, source);
        mosaics += reads == 4;
        if (reads != 1) continue;
        ++singles;
        mirrored += sample.boxes.at(0).x1 > 30;
    }
    EXPECT_NEAR(mosaics, 300, 60);
    EXPECT_NEAR(mirrored, singles / 2, 60);
}

TEST(Online, OnePictureAloneWorks) {
    const Sample sample = make_training_sample(make_context(1, 1), 0, {}, numbered);
    EXPECT_EQ(sample.image.width, 64);
}

}  // namespace
}  // namespace yolodata
