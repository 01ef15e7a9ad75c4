// SPDX-License-Identifier: Apache-2.0
#include "yolodata/augment/kept_samples.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "yolodata/augment/online.hpp"
#include "yolodata/core/random.hpp"

namespace yolodata {
namespace {

std::shared_ptr<const Sample> drawn(std::uint64_t record) {
    Sample sample{Picture(32, 24), {}};
    for (std::size_t i = 0; i < sample.image.rgb.size(); ++i)
        sample.image.rgb[i] = static_cast<std::uint8_t>(record * 31 + i * 7);
    return std::make_shared<const Sample>(std::move(sample));
}

/// An epoch of mosaics of n records, with partners out of `window`.
struct Epoch {
    std::uint64_t n = 400, window = 64, now = 0, asked = 0;
    OnlineContext context;
    Permutation order;
    KeptSamples::Load load;
    KeptSamples kept;

    explicit Epoch(std::uint32_t epoch, KeptSamples::Load how, std::size_t capacity) : order(n, 5, epoch), load(std::move(how)), kept(capacity) {
        context.seed = 5, context.epoch = epoch, context.n = n, context.window = window, context.imgsz = 32;
        context.record_at = [this](std::uint64_t position) { return order(asked = position); };
    }
    std::vector<std::uint8_t> sample(std::uint64_t position) {
        now = position;
        std::vector<std::uint8_t> pixels(32 * 32 * 3);
        const ViewSource source = [this](std::uint64_t record) {
            return kept.get(record, KeptSamples::place_of(context.epoch, n, asked, now), load);
        };
        render_training_sample(context, position, {}, source, pixels.data(), PixelLayout::planar);
        return pixels;
    }
};

TEST(KeptSamples, EachPictureIsLoadedOnceAnEpoch) {
    std::vector<int> loads(400);
    Epoch epoch(1, [&](std::uint64_t record) { return ++loads[record], drawn(record); }, 65);
    for (std::uint64_t position = 0; position < epoch.n; ++position) {
        epoch.sample(position);
        EXPECT_LE(epoch.kept.size(), 65u);
    }
    for (std::uint64_t position = 0; position < epoch.n; ++position) {
        const int count = loads[epoch.order(position)];
        // The last ones were partners of the first ones, too.
        if (position < epoch.n - epoch.window) EXPECT_EQ(count, 1) << position;
        else EXPECT_LE(count, 2) << position;
    }
}

TEST(KeptSamples, DoNotChangeASample) {
    Epoch with(0, drawn, 65), without(0, drawn, 1);
    for (std::uint64_t position = 0; position < 150; ++position) EXPECT_EQ(with.sample(position), without.sample(position));
}

TEST(KeptSamples, APictureThatCannotBeLoadedIsNotKept) {
    KeptSamples kept(4);
    EXPECT_THROW(kept.get(1, 0, [](std::uint64_t) -> std::shared_ptr<const Sample> { throw std::runtime_error("bad"); }), std::runtime_error);
    EXPECT_EQ(kept.size(), 0u);
    kept.get(1, 0, drawn);
    EXPECT_EQ(kept.size(), 1u);
}

TEST(KeptSamples, WhatALaterPlaceWantsStays) {
    KeptSamples kept(2);
    std::atomic<int> loads = 0;
    const KeptSamples::Load load = [&](std::uint64_t record) { return ++loads, drawn(record); };
    kept.get(1, -5, load), kept.get(2, 3, load);
    kept.get(1, 4, load);  // at its own place now
    kept.get(3, 5, load);  // pushes out 2
    kept.get(1, 4, load);
    EXPECT_EQ(loads, 3);
    kept.get(2, 3, load);  // is the oldest at once
    kept.get(3, 5, load), kept.get(1, 4, load);
    EXPECT_EQ(loads, 4);
}

TEST(KeptSamples, AreGivenBack) {
    KeptSamples kept(2);
    const auto view = kept.get(1, 0, drawn);
    kept.get(2, 1, drawn);
    kept.clear();
    EXPECT_EQ(kept.size(), 0u);
    EXPECT_NE(view.owner, nullptr) << "what was handed out stays good";
    kept.get(3, 2, drawn), kept.get(4, 3, drawn), kept.get(5, 4, drawn);
    EXPECT_EQ(kept.size(), 2u);
}

TEST(KeptSamples, ServeThreads) {
    KeptSamples kept(16);
    std::vector<std::thread> threads;
    std::atomic<int> wrong = 0;
    for (unsigned t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            for (std::uint64_t i = 0; i < 400; ++i) {
                const std::uint64_t record = (i + t * 3) % 40;
                const SampleView view = kept.get(record, static_cast<std::int64_t>(i), drawn);
                if (view.image.row(0)[0] != static_cast<std::uint8_t>(record * 31)) ++wrong;
            }
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
    EXPECT_LE(kept.size(), 16u);
}

}  // namespace
}  // namespace yolodata
