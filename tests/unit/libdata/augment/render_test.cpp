// SPDX-License-Identifier: Apache-2.0
// render() against the chain of OpenCV calls that it replaces.
#include "yolodata/augment/render.hpp"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "augment/online_chain.hpp"
#include "yolodata/augment/online.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/random.hpp"

namespace yolodata {
namespace {

/// Noise, because it shows every wrong tap, weight and rounding; every third picture is smooth.
Sample noisy(std::uint64_t number) {
    Random random(number, 0, 0, Purpose::model);
    const int width = 20 + static_cast<int>(random.below(77)),
              height = 20 + static_cast<int>(random.below(77));
    Sample sample{Picture(width, height), {}};
    for (int y = 0; y < height; ++y)
        for (int i = 0; i < 3 * width; ++i)
            sample.image.row(y)[i] =
                static_cast<std::uint8_t>(number % 3 == 0 ? (y * 2 + i) % 256 : random.below(256));
    for (int i = 0; i < 3; ++i)
        sample.boxes.push_back({i, static_cast<float>(5 * i), 3, static_cast<float>(width - i),
                                static_cast<float>(height / 2 + i)});
    return sample;
}

SampleView view_of(std::uint64_t number) {
    const auto sample = std::make_shared<const Sample>(noisy(number));
    return {PictureView(sample->image), sample->boxes, sample};
}

OnlineContext make_context(int imgsz) {
    OnlineContext context;
    context.n = 60, context.window = 20, context.imgsz = imgsz;
    context.record_at = [](std::uint64_t position) { return position; };
    return context;
}

int largest_difference(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b) {
    int largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
    return largest;
}

/// The same with one small box, so that there is room for a rectangle of another picture.
SampleView roomy_view(std::uint64_t number) {
    SampleView view = view_of(number);
    const auto at = static_cast<float>(number % 8);
    view.boxes = {{static_cast<std::int32_t>(number), at, at, at + 9, at + 7}};
    return view;
}

/// The largest difference of 40 samples; their boxes must be equal.
int compare(const AugmentOptions& options, int imgsz, const ViewSource& source = view_of) {
    const OnlineContext context = make_context(imgsz);
    int largest = 0;
    for (std::uint64_t position = 0; position < 40; ++position) {
        const Sample expected = chain_training_sample(context, position, options, source);
        const Sample got = make_training_sample(context, position, options, source);
        largest = std::max(largest, largest_difference(expected.image.rgb, got.image.rgb));
        EXPECT_EQ(expected.boxes.size(), got.boxes.size());
        for (std::size_t i = 0; i < std::min(expected.boxes.size(), got.boxes.size()); ++i) {
            const PixelBox &a = expected.boxes[i], &b = got.boxes[i];
            EXPECT_TRUE(a.cls == b.cls && a.x1 == b.x1 && a.y1 == b.y1 && a.x2 == b.x2 &&
                        a.y2 == b.y2);
        }
    }
    return largest;
}

AugmentOptions without_colours() {
    AugmentOptions options;
    options.hsv_h = options.hsv_s = options.hsv_v = 0;
    options.flipud = 0.5;
    return options;
}

TEST(Render, PixelsOfTheTransformAreThoseOfOpenCv) {
    AugmentOptions options = without_colours();
    for (const int imgsz : {64, 96, 61}) EXPECT_EQ(compare(options, imgsz), 0) << imgsz;
    options.degrees = 30, options.shear = 10, options.scale = 0.9;
    EXPECT_EQ(compare(options, 64), 0) << "turned";
    options.degrees = 180;
    EXPECT_EQ(compare(options, 96), 0) << "upside down";
    options.mosaic = 0;
    EXPECT_EQ(compare(options, 96), 0) << "no mosaic";
    options.mosaic = 0.5, options.mixup = 0.7;
    EXPECT_EQ(compare(options, 64), 0) << "mixup";
}

TEST(Render, ColoursDifferByOneLevelAtMost) {
    AugmentOptions options;
    EXPECT_LE(compare(options, 96), 1) << "the defaults";
    options.hsv_h = 0.5, options.hsv_s = 0.9, options.hsv_v = 0.9;
    EXPECT_LE(compare(options, 64), 1) << "strong";
    options.degrees = 45, options.mixup = 0.5, options.flipud = 0.5;
    EXPECT_LE(compare(options, 64), 1) << "everything";
}

TEST(Render, CutmixPastesARectangleOfASecondPicture) {
    AugmentOptions options = without_colours(), plain = options;
    options.cutmix = 1;
    EXPECT_EQ(compare(options, 64, roomy_view), 0);
    const OnlineContext context = make_context(64);
    int pasted = 0;
    for (std::uint64_t position = 0; position < 40; ++position) {
        const ViewSource source = roomy_view;
        const Sample with = make_training_sample(context, position, options, source),
                     without = make_training_sample(context, position, plain, source);
        pasted += with.boxes.size() > without.boxes.size();
        EXPECT_EQ(with.image.rgb == without.image.rgb, with.boxes.size() == without.boxes.size()) << position;
    }
    EXPECT_GT(pasted, 5);
    options.mosaic = 0.5, options.mixup = 0.3;
    EXPECT_EQ(compare(options, 61, roomy_view), 0) << "with all others";
    options.hsv_h = 0.1, options.hsv_s = 0.7, options.hsv_v = 0.4;
    EXPECT_LE(compare(options, 64, roomy_view), 1) << "colours";
    options.perspective = 0.0005;
    EXPECT_EQ(compare(options, 64, roomy_view), 0) << "perspective";
}

TEST(Render, EveryInstructionSetDrawsTheSame) {
    AugmentOptions options = without_colours();
    options.degrees = 20, options.mosaic = 0.8;
    for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
        hwy::SetSupportedTargetsForTest(target);
        hwy::GetChosenTarget().Update(hwy::SupportedTargets());
        EXPECT_EQ(compare(options, 61), 0) << hwy::TargetName(target);
        EXPECT_LE(compare({}, 61), 1) << hwy::TargetName(target);
    }
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

TEST(Render, PerspectiveGoesThroughTheChain) {
    AugmentOptions options;
    options.perspective = 0.0005;
    EXPECT_EQ(compare(options, 64), 0);
}

TEST(Render, PlanarHoldsTheSamePixels) {
    const OnlineContext context = make_context(61);
    AugmentOptions options, perspective, cutmix;
    perspective.perspective = 0.0005;
    cutmix.cutmix = cutmix.fliplr = cutmix.flipud = 1;
    for (const AugmentOptions& used : {options, perspective, cutmix}) {
        const Sample sample = make_training_sample(context, 3, used, ViewSource(roomy_view));
        const std::size_t plane = 61 * 61;
        std::vector<std::uint8_t> planar(3 * plane + 1, 77);
        render_training_sample(context, 3, used, roomy_view, planar.data(), PixelLayout::planar);
        for (std::size_t i = 0; i < plane; ++i)
            for (std::size_t c = 0; c < 3; ++c)
                ASSERT_EQ(planar[c * plane + i], sample.image.rgb[3 * i + c]) << i;
        EXPECT_EQ(planar.back(), 77) << "written past the end";
    }
}

TEST(Render, RowsOfAnyStrideAreRead) {
    const Picture picture = noisy(1).image;
    const std::size_t stride = static_cast<std::size_t>(picture.width) * 3 + 13;
    std::vector<std::uint8_t> wide(stride * static_cast<std::size_t>(picture.height), 9);
    for (int y = 0; y < picture.height; ++y)
        std::copy_n(picture.row(y), picture.width * 3,
                    wide.begin() + static_cast<std::ptrdiff_t>(stride) * y);
    const auto drawn = [](const PictureView& view) {
        Layer layer{{{view, 5, -3}}, 64, 64, {0.9, 0.1, 2.5, -0.1, 0.8, 3.25, 0, 0, 1}};
        std::vector<std::uint8_t> out(50 * 40 * 3);
        render({layer}, {}, {out.data(), 50, 40, PixelLayout::interleaved});
        return out;
    };
    EXPECT_EQ(drawn(PictureView(picture)),
              drawn({wide.data(), picture.width, picture.height, stride}));
}

TEST(Render, RefusesWhatItCannotDraw) {
    std::vector<std::uint8_t> out(12);
    const PixelTarget target{out.data(), 2, 2, PixelLayout::planar};
    Layer layer;
    EXPECT_NO_THROW(render({layer}, {}, target));
    EXPECT_EQ(out[0], 114);
    EXPECT_THROW(render({}, {}, target), Error);
    EXPECT_THROW(render({layer, layer, layer}, {}, target), Error);
    layer.matrix[6] = 0.001;
    EXPECT_THROW(render({layer}, {}, target), Error);
    layer.matrix = {NAN, 0, 0, 0, 1, 0, 0, 0, 1};
    EXPECT_THROW(render({layer}, {}, target), Error);
    layer.matrix = {1, 0, INFINITY, 0, 1, 0, 0, 0, 1};
    EXPECT_THROW(render({layer}, {}, target), Error);
}

TEST(Render, WhereNothingOfTheCanvasIsSeenThereIsPadding) {
    const Picture picture = noisy(1).image;
    const auto is_padding = [&](const std::array<double, 9>& matrix) {
        std::vector<std::uint8_t> out(16 * 8 * 3, 77);
        const Layer layer{{{PictureView(picture), 0, 0}}, 64, 64, matrix};
        render({layer}, {}, {out.data(), 16, 8, PixelLayout::interleaved});
        return std::all_of(out.begin(), out.end(), [](int level) { return level == 114; });
    };
    EXPECT_FALSE(is_padding({1, 0, 0, 0, 1, 0, 0, 0, 1}));
    EXPECT_TRUE(is_padding({1, 1, 0, 1, 1, 0, 0, 0, 1})) << "a line";
    EXPECT_TRUE(is_padding({0, 0, 0, 0, 0, 0, 0, 0, 1})) << "a point";
    // Ten million pixels to the right of the picture, and from there further: past 32 bits.
    EXPECT_TRUE(is_padding({1e-6, 0, -10, 0, 1, 0, 0, 0, 1})) << "far away";
    EXPECT_TRUE(is_padding({1e-6, 1e-9, -10, 0, 1, 0, 0, 0, 1})) << "far away, turned";
}

}  // namespace
}  // namespace yolodata
