// SPDX-License-Identifier: Apache-2.0
#include "online_chain.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "sample_draws.hpp"
#include "scene_mixes.hpp"
#include "yolodata/augment/flip.hpp"
#include "yolodata/augment/mosaic.hpp"
#include "yolodata/augment/resize.hpp"

namespace yolodata {
namespace {

Sample load(const OnlineContext& context, std::uint64_t position, const ViewSource& source) {
    SampleView view = source(context.record_at(position));
    Sample sample{Picture(view.image.width, view.image.height), std::move(view.boxes)};
    for (int y = 0; y < view.image.height; ++y)
        std::copy_n(view.image.row(y), static_cast<std::size_t>(view.image.width) * 3,
                    sample.image.row(y));
    return sample;
}

Sample make_mosaic(const OnlineContext& context, const SampleDraws& draws,
                   const ViewSource& source) {
    const SampleDraws::Mosaic mosaic = draws.mosaic();
    std::array<Sample, 4> parts;
    for (std::size_t i = 0; i < 4; ++i) parts[i] = load(context, mosaic.positions[i], source);
    return mosaic4(parts, context.imgsz, mosaic.centre_x, mosaic.centre_y);
}

Sample make_single(const OnlineContext& context, const SampleDraws& draws,
                   const ViewSource& source) {
    Sample sample = load(context, draws.position(), source);
    Letterbox where;
    sample.image = letterbox(sample.image, context.imgsz, context.imgsz, true, &where);
    sample.boxes = letterbox_boxes(sample.boxes, where);
    return sample;
}

/// Mosaic or letterbox, then the affine transform, which crops a mosaic to its middle.
Sample make(const OnlineContext& context, const SampleDraws& draws, bool mosaic,
            const ViewSource& source) {
    const Sample sample =
        mosaic ? make_mosaic(context, draws, source) : make_single(context, draws, source);
    return warp(sample, draws.affine(), context.imgsz, context.imgsz);
}

}  // namespace

Sample chain_training_sample(const OnlineContext& context, std::uint64_t position,
                             const AugmentOptions& options, const ViewSource& source) {
    const SampleDraws draws(context, options, position, position);
    const SampleDraws::Choice choice = draws.choice();
    Sample sample = make(context, draws, choice.mosaic, source);
    if (choice.blend) {
        const SampleDraws::Blend blend = draws.blend();
        mixup(sample, make(context, draws.second(blend), choice.second_mosaic, source),
              blend.ratio);
    }
    if (auto random = draws.cut(choice)) {
        Sample other = make(context, draws.second(draws.blend()), choice.second_mosaic, source);
        Scene scene{std::move(sample.image), as_objects(sample.boxes)};
        cutmix(scene, {std::move(other.image), as_objects(other.boxes)}, Task::detect, *random);
        sample.image = std::move(scene.image);
        sample.boxes.clear();
        for (const Object& object : scene.objects) sample.boxes.push_back(object.box);
    }
    apply_hsv(sample.image, draws.hsv());
    if (choice.flip_up_down) flip_up_down(sample);
    if (choice.flip_left_right) flip_left_right(sample);
    return sample;
}

}  // namespace yolodata
