// SPDX-License-Identifier: Apache-2.0
#include "yolodata/augment/variant.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <optional>
#include <utility>

#include "sample_draws.hpp"
#include "scene_mixes.hpp"
#include "yolodata/augment/flip.hpp"
#include "yolodata/augment/mosaic.hpp"
#include "yolodata/augment/resize.hpp"

namespace yolodata {
namespace {

struct Corner {
    int x = 0, y = 0;
};

/// Upper left corners of nine pictures around the first, which lies at (s, s): from above it
/// clockwise, each at the edge of those that are there.
std::array<Corner, 9> around(const std::array<Scene, 9>& parts, int s) {
    std::array<Corner, 9> at;
    const auto w = [&](std::size_t i) { return parts[i].image.width; };
    const auto h = [&](std::size_t i) { return parts[i].image.height; };
    at[0] = {s, s};
    at[1] = {s, s - h(1)};
    at[2] = {s + w(1), s - h(2)};
    at[3] = {s + w(0), s};
    at[4] = {s + w(0), s + h(3)};
    at[5] = {s + w(0) - w(5), s + h(0)};
    at[6] = {s + w(0) - w(5) - w(6), s + h(0)};
    at[7] = {s - w(7), s + h(0) - h(7)};
    at[8] = {s - w(8), s + h(0) - h(7) - h(8)};
    return at;
}

class VariantMaker {
 public:
    VariantMaker(const OnlineContext& context, const VariantOptions& options, Task task,
                 const SceneSource& source)
        : context_(context), options_(options), task_(task), source_(source) {}

    /// Mosaic or letterbox, copy-paste, then the affine transform, which crops a mosaic to its
    /// middle.
    Scene make(const SampleDraws& draws, bool mosaic) const {
        Random nine = draws.random(Purpose::mosaic9);
        const bool of_nine = nine.uniform() < options_.mosaic9;
        Scene scene = !mosaic   ? single(draws.position())
                      : of_nine ? mosaic_of_nine(draws, nine)
                                : mosaic_of_four(draws);
        if (options_.copy_paste > 0 && task_ == Task::segment) {
            Random random = draws.random(Purpose::copy_paste);
            copy_paste(scene, options_.copy_paste, random);
        }
        return through_affine(std::move(scene), draws.affine());
    }

 private:
    Scene load(std::uint64_t position) const { return source_(context_.record_at(position)); }

    Scene canvas() const {
        const int edge = 2 * context_.imgsz;
        Scene scene{Picture(edge, edge), {}};
        std::memset(scene.image.rgb.data(), padding_value, scene.image.rgb.size());
        return scene;
    }

    void add(Scene part, Corner at, Scene& scene) const {
        paste(part.image, at.x, at.y, scene.image);
        for (Object& object : part.objects) {
            move(object, static_cast<float>(at.x), static_cast<float>(at.y));
            if (clip(object, task_, scene.image.width, scene.image.height))
                scene.objects.push_back(std::move(object));
        }
    }

    Scene mosaic_of_four(const SampleDraws& draws) const {
        const SampleDraws::Mosaic mosaic = draws.mosaic();
        Scene scene = canvas();
        for (std::size_t i = 0; i < 4; ++i) {
            Scene part = load(mosaic.positions[i]);
            const auto [x, y] = mosaic4_corner(i, part.image.width, part.image.height,
                                               mosaic.centre_x, mosaic.centre_y);
            add(std::move(part), {x, y}, scene);
        }
        return scene;
    }

    /// A window of 2 imgsz somewhere on a canvas of 3 imgsz.
    Scene mosaic_of_nine(const SampleDraws& draws, Random& random) const {
        std::array<Scene, 9> parts;
        const auto positions = draws.nine();
        for (std::size_t i = 0; i < 9; ++i) parts[i] = load(positions[i]);
        const std::array<Corner, 9> at = around(parts, context_.imgsz);
        const auto side = static_cast<std::uint64_t>(context_.imgsz);
        const auto left = static_cast<int>(random.below(side)),
                   top = static_cast<int>(random.below(side));
        Scene scene = canvas();
        for (std::size_t i = 0; i < 9; ++i)
            add(std::move(parts[i]), {at[i].x - left, at[i].y - top}, scene);
        return scene;
    }

    Scene single(std::uint64_t position) const {
        Scene scene = load(position);
        Letterbox where;
        scene.image = letterbox(scene.image, context_.imgsz, context_.imgsz, true, &where);
        const auto scale = where.scale_x;
        const std::array<double, 9> matrix{
            scale, 0, double(where.left), 0, scale, double(where.top), 0, 0, 1};
        for (Object& object : scene.objects) scale_object(object, matrix);
        return scene;
    }

    static void scale_object(Object& object, const std::array<double, 9>& m) {
        const auto s = static_cast<float>(m[0]), dx = static_cast<float>(m[2]),
                   dy = static_cast<float>(m[5]);
        PixelBox& b = object.box;
        b = {b.cls, b.x1 * s + dx, b.y1 * s + dy, b.x2 * s + dx, b.y2 * s + dy};
        for (Vertex& p : object.polygon) p = {p.x * s + dx, p.y * s + dy};
        for (Keypoint& p : object.keypoints)
            if (p.visibility != 0) p.x = p.x * s + dx, p.y = p.y * s + dy;
    }

    Scene through_affine(Scene scene, const AffineDraw& draw) const {
        const int imgsz = context_.imgsz;
        const auto matrix =
            affine_matrix(draw, scene.image.width, scene.image.height, imgsz, imgsz);
        Scene warped;
        for (Object& object : scene.objects)
            if (warp(object, task_, matrix, draw.scale, imgsz, imgsz))
                warped.objects.push_back(std::move(object));
        warped.image = warp(Sample{std::move(scene.image), {}}, draw, imgsz, imgsz).image;
        return warped;
    }

    const OnlineContext& context_;
    const VariantOptions& options_;
    Task task_;
    const SceneSource& source_;
};

void filter(Picture& picture, const VariantOptions& options, Random random) {
    const bool soft = random.uniform() < options.blur, plain = random.uniform() < options.gray,
               clear = random.uniform() < options.clahe;
    if (soft) blur(picture, random);
    if (plain) gray(picture);
    if (clear) equalise(picture);
}

}  // namespace

Scene make_variant(const OnlineContext& context, std::uint64_t position,
                   const VariantOptions& options, Task task, const SceneSource& source) {
    const SampleDraws draws(context, options, position, position);
    const SampleDraws::Choice choice = draws.choice();
    const VariantMaker maker(context, options, task, source);
    Scene scene = maker.make(draws, choice.mosaic);
    std::optional<Random> cut = draws.cut(choice);
    if (choice.blend || cut) {
        const SampleDraws::Blend blend = draws.blend();
        Scene other = maker.make(draws.second(blend), choice.second_mosaic);
        if (choice.blend) {
            Sample pixels{std::move(scene.image), {}};
            mixup(pixels, Sample{std::move(other.image), {}}, blend.ratio);
            scene.image = std::move(pixels.image);
            std::move(other.objects.begin(), other.objects.end(),
                      std::back_inserter(scene.objects));
        } else {
            cutmix(scene, other, task, *cut);
        }
    }
    filter(scene.image, options, draws.random(Purpose::filter));
    apply_hsv(scene.image, draws.hsv());
    const bool may_mirror = task != Task::pose || !options.flip_idx.empty();
    Sample pixels{std::move(scene.image), {}};
    if (choice.flip_up_down && may_mirror) {
        flip_up_down(pixels);
        for (Object& object : scene.objects) flip_up_down(object, context.imgsz);
    }
    if (choice.flip_left_right && may_mirror) {
        flip_left_right(pixels);
        for (Object& object : scene.objects)
            flip_left_right(object, context.imgsz, options.flip_idx);
    }
    scene.image = std::move(pixels.image);
    return scene;
}

}  // namespace yolodata
