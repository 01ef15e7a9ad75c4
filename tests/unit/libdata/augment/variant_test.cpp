// SPDX-License-Identifier: Apache-2.0
#include "yolodata/augment/variant.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "augment/online_chain.hpp"
#include "augment/scene_mixes.hpp"

namespace yolodata {
namespace {

/// Black, with a bright square of 40 px at (30, 20): as box, polygon and four key points inside its
/// corners.
Scene bright_square(std::uint64_t number = 0) {
    Scene scene{Picture(96, 80), {}};
    Object object;
    object.box = {static_cast<std::int32_t>(number), 30, 20, 70, 60};
    for (int y = 20; y < 60; ++y)
        std::fill(scene.image.row(y) + 3 * 30, scene.image.row(y) + 3 * 70, std::uint8_t{250});
    object.polygon = {{30, 20}, {70, 20}, {70, 60}, {30, 60}};
    object.keypoints = {{35, 25, 2}, {65, 25, 2}, {65, 55, 1}, {35, 55, 2}, {0, 0, 0}};
    scene.objects.push_back(std::move(object));
    return scene;
}

OnlineContext make_context(int imgsz = 96) {
    OnlineContext context;
    context.n = 50, context.window = 20, context.imgsz = imgsz;
    context.record_at = [](std::uint64_t position) { return position; };
    return context;
}

VariantOptions turned() {
    VariantOptions options;
    options.hsv_h = options.hsv_s = options.hsv_v = 0;
    options.degrees = 40, options.shear = 10, options.flipud = 0.5;
    options.flip_idx = {1, 0, 3, 2, 4};
    return options;
}

bool is_bright(const Picture& picture, float x, float y) {
    const int column = std::clamp(static_cast<int>(x), 0, picture.width - 1),
              row = std::clamp(static_cast<int>(y), 0, picture.height - 1);
    return picture.row(row)[3 * column] > 180;
}

/// Cut off at the edge of a mosaic, what is left of an object may be thinner than a pixel: a
/// neighbour will do.
bool is_bright_near(const Picture& picture, float x, float y) {
    for (const float dy : {-1.5f, 0.f, 1.5f})
        for (const float dx : {-1.5f, 0.f, 1.5f})
            if (is_bright(picture, x + dx, y + dy)) return true;
    return false;
}

/// At the picture's own edge there may be none.
bool near_edge(const Picture& picture, float x, float y) {
    constexpr float margin = 3;
    return std::min(x, y) < margin || x > static_cast<float>(picture.width) - margin ||
           y > static_cast<float>(picture.height) - margin;
}

/// Mean of the vertices, moved a tenth of the way from each corner: points inside a convex polygon.
std::vector<Vertex> points_inside(const std::vector<Vertex>& polygon) {
    Vertex middle;
    for (const Vertex& p : polygon)
        middle.x += p.x / static_cast<float>(polygon.size()),
            middle.y += p.y / static_cast<float>(polygon.size());
    std::vector<Vertex> inside{middle};
    for (const Vertex& p : polygon)
        inside.push_back({0.8f * p.x + 0.2f * middle.x, 0.8f * p.y + 0.2f * middle.y});
    return inside;
}

TEST(Variant, WithTrainingsOptionsItIsTheTrainingSample) {
    const OnlineContext context = make_context();
    VariantOptions options;
    options.mosaic = 0.7, options.mixup = 0.5, options.degrees = 10, options.flipud = 0.3;
    options.cutmix = 0.8;
    const ViewSource views = [](std::uint64_t number) {
        const auto scene = std::make_shared<const Scene>(bright_square(number));
        return SampleView{PictureView(scene->image), {scene->objects[0].box}, scene};
    };
    const SceneSource boxes_alone = [](std::uint64_t number) {
        Scene scene = bright_square(number);
        scene.objects[0].polygon.clear(), scene.objects[0].keypoints.clear();
        return scene;
    };
    for (std::uint64_t position = 0; position < 30; ++position) {
        const Sample expected = chain_training_sample(context, position, options, views);
        const Scene got = make_variant(context, position, options, Task::detect, boxes_alone);
        EXPECT_EQ(got.image.rgb, expected.image.rgb);
        ASSERT_EQ(got.objects.size(), expected.boxes.size());
        for (std::size_t i = 0; i < got.objects.size(); ++i) {
            EXPECT_FLOAT_EQ(got.objects[i].box.x1, expected.boxes[i].x1);
            EXPECT_FLOAT_EQ(got.objects[i].box.y2, expected.boxes[i].y2);
        }
    }
}

TEST(Variant, PolygonsAndKeyPointsStayOnTheirObject) {
    const OnlineContext context = make_context();
    VariantOptions options = turned();
    for (const double perspective : {0.0, 0.001})
        for (const double mosaic9 : {0.0, 1.0}) {
            options.perspective = perspective, options.mosaic9 = mosaic9;
            int vertices = 0, visible = 0;
            for (std::uint64_t position = 0; position < 40; ++position) {
                const Scene scene =
                    make_variant(context, position, options, Task::segment, bright_square);
                for (const Object& object : scene.objects) {
                    if (std::min(object.box.x2 - object.box.x1, object.box.y2 - object.box.y1) < 8)
                        continue;  // a sliver
                    for (const Vertex& p : points_inside(object.polygon))
                        EXPECT_TRUE(near_edge(scene.image, p.x, p.y) ||
                                    is_bright_near(scene.image, p.x, p.y))
                            << position;
                    for (const Keypoint& p : object.keypoints) {
                        EXPECT_TRUE(p.visibility == 0 || is_bright_near(scene.image, p.x, p.y))
                            << position;
                        visible += p.visibility > 0;
                    }
                    for (const Vertex& p : object.polygon) {
                        ++vertices;
                        EXPECT_TRUE(p.x >= -1e-3f && p.y >= -1e-3f && p.x <= 96.001f &&
                                    p.y <= 96.001f);
                        EXPECT_TRUE(p.x >= object.box.x1 - 1e-3f && p.x <= object.box.x2 + 1e-3f);
                    }
                }
            }
            EXPECT_GT(vertices, 100);
            EXPECT_GT(visible, 50);
        }
}

TEST(Variant, ARotatedBoxKeepsItsFourCorners) {
    const OnlineContext context = make_context();
    int objects = 0, outside = 0;
    for (std::uint64_t position = 0; position < 40; ++position)
        for (const Object& object :
             make_variant(context, position, turned(), Task::obb, bright_square).objects) {
            ++objects;
            ASSERT_EQ(object.polygon.size(), 4u);
            outside += std::any_of(
                object.polygon.begin(), object.polygon.end(),
                [](const Vertex& p) { return p.x < 0 || p.y < 0 || p.x > 96 || p.y > 96; });
            EXPECT_GE(object.box.x1, 0);
            EXPECT_LE(object.box.y2, 96);
        }
    EXPECT_GT(objects, 40);
    EXPECT_GT(outside, 0) << "the cut is in the box alone";
}

TEST(Variant, MirroringSwapsKeyPointsAndNeedsToKnowWhich) {
    VariantOptions options = turned();
    options.mosaic = options.degrees = options.shear = options.translate = options.scale =
        options.flipud = 0;
    options.fliplr = 1;
    const auto first_point = [&] {
        return make_variant(make_context(), 0, options, Task::pose, bright_square)
            .objects.at(0)
            .keypoints[0];
    };
    EXPECT_FLOAT_EQ(first_point().x, 96 - 65);  // what was the second
    options.flip_idx.clear();
    EXPECT_FLOAT_EQ(first_point().x, 35);  // left as it was
}

TEST(Variant, ClippedPolygons) {
    EXPECT_TRUE(clip_polygon({{-5, -5}, {-1, -5}, {-3, -1}}, 10, 10).empty());
    const auto corner = clip_polygon({{-5, -5}, {5, -5}, {5, 5}, {-5, 5}}, 10, 10);
    ASSERT_EQ(corner.size(), 4u);
    for (const Vertex& p : corner) EXPECT_TRUE((p.x == 0 || p.x == 5) && (p.y == 0 || p.y == 5));
    const std::vector<Vertex> inside{{1, 1}, {9, 1}, {5, 9}};
    EXPECT_EQ(clip_polygon(inside, 10, 10).size(), 3u);
}

TEST(Variant, CutmixOnlyWhereNoObjectLies) {
    int changed = 0;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        Scene scene = bright_square(), other = bright_square(7);
        std::fill(other.image.rgb.begin(), other.image.rgb.end(), std::uint8_t{99});
        Random random(seed, 0, 0, Purpose::cutmix);
        // Objects small and in a corner: there is room beside.
        scene.objects[0].box = {0, 0, 0, 10, 10}, scene.objects[0].polygon.clear();
        const Scene before = scene;
        cutmix(scene, other, Task::segment, random);
        if (scene.objects.size() == 1) {
            EXPECT_EQ(scene.image.rgb, before.image.rgb);
            continue;
        }
        ++changed;
        const PixelBox& box = scene.objects[1].box;
        EXPECT_EQ(box.cls, 7);
        EXPECT_EQ(scene.image.row(static_cast<int>(box.y1))[3 * static_cast<int>(box.x1)], 99);
        for (int y = 0; y < 10; ++y)
            EXPECT_TRUE(
                std::equal(scene.image.row(y), scene.image.row(y) + 30, before.image.row(y)));
    }
    EXPECT_GT(changed, 10);
}

TEST(Variant, CopyPasteMirrorsWhatItTakes) {
    Scene scene = bright_square();
    move(scene.objects[0], -30, 0);  // the square lies at 0 … 40 now, its mirror at 56 … 96
    std::fill(scene.image.rgb.begin(), scene.image.rgb.end(), std::uint8_t{0});
    for (int y = 20; y < 60; ++y)
        std::fill(scene.image.row(y), scene.image.row(y) + 3 * 40, std::uint8_t{250});
    Random random(0, 0, 0, Purpose::copy_paste);
    copy_paste(scene, 1, random);
    ASSERT_EQ(scene.objects.size(), 2u);
    EXPECT_FLOAT_EQ(scene.objects[1].box.x1, 56);
    EXPECT_TRUE(is_bright(scene.image, 80, 40));
    EXPECT_FALSE(is_bright(scene.image, 48, 40));
}

TEST(Variant, FiltersChangePixelsAlone) {
    Picture picture = bright_square().image;
    Random random(0, 0, 0, Purpose::filter);
    blur(picture, random);
    EXPECT_TRUE(picture.row(20)[3 * 30] > 10 && picture.row(20)[3 * 30] < 240)
        << "the corner is soft";
    picture.row(40)[3 * 50] = 10;
    gray(picture);
    EXPECT_EQ(picture.row(40)[3 * 50], picture.row(40)[3 * 50 + 2]);
    equalise(picture);
    EXPECT_EQ(picture.width, 96);
}

}  // namespace
}  // namespace yolodata
