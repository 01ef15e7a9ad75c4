// SPDX-License-Identifier: Apache-2.0
#include "yolodata/augment/online.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "online_chain.hpp"
#include "sample_draws.hpp"
#include "scene_mixes.hpp"
#include "yolodata/augment/flip.hpp"
#include "yolodata/augment/mosaic.hpp"
#include "yolodata/augment/render.hpp"
#include "yolodata/augment/resize.hpp"

namespace yolodata {
namespace {

/// A layer with the boxes that are seen through it, in output pixels, and what keeps its pictures
/// alive.
struct OwnedLayer {
    Layer layer;
    std::vector<PixelBox> boxes;
    std::vector<std::shared_ptr<const void>> owners;
};

class LayerMaker {
 public:
    LayerMaker(const OnlineContext& context, const ViewSource& source)
        : context_(context), source_(source) {}

    OwnedLayer make(const SampleDraws& draws, bool mosaic) const {
        OwnedLayer made = mosaic ? mosaic_of(draws.mosaic()) : single_of(draws.position());
        const AffineDraw draw = draws.affine();
        Layer& layer = made.layer;
        const int imgsz = context_.imgsz;
        layer.matrix = affine_matrix(draw, layer.canvas_width, layer.canvas_height, imgsz, imgsz);
        made.boxes = warp_boxes(made.boxes, layer.matrix, draw.scale, imgsz, imgsz);
        return made;
    }

 private:
    OwnedLayer mosaic_of(const SampleDraws::Mosaic& mosaic) const {
        OwnedLayer made;
        made.layer.canvas_width = made.layer.canvas_height = 2 * context_.imgsz;
        for (std::size_t i = 0; i < 4; ++i) {
            SampleView view = source_(context_.record_at(mosaic.positions[i]));
            const auto [x, y] = mosaic4_corner(i, view.image.width, view.image.height,
                                               mosaic.centre_x, mosaic.centre_y);
            made.layer.parts.push_back({view.image, x, y});
            move_onto_canvas(view.boxes, x, y, 2 * context_.imgsz, made.boxes);
            made.owners.push_back(std::move(view.owner));
        }
        return made;
    }

    OwnedLayer single_of(std::uint64_t position) const {
        OwnedLayer made;
        const int imgsz = context_.imgsz;
        made.layer.canvas_width = made.layer.canvas_height = imgsz;
        SampleView view = source_(context_.record_at(position));
        const Letterbox where =
            place_letterbox(view.image.width, view.image.height, imgsz, imgsz, true);
        made.boxes = letterbox_boxes(view.boxes, where);
        if (where.width == view.image.width && where.height == view.image.height) {
            made.layer.parts.push_back({view.image, where.left, where.top});
            made.owners.push_back(std::move(view.owner));
            return made;
        }
        auto resized =
            std::make_shared<const Picture>(resize(view.image, where.width, where.height));
        made.layer.parts.push_back({PictureView(*resized), where.left, where.top});
        made.owners.push_back(std::move(resized));
        return made;
    }

    const OnlineContext& context_;
    const ViewSource& source_;
};

void copy_out(const Picture& picture, const PixelTarget& target) {
    if (target.layout == PixelLayout::interleaved) {
        std::copy(picture.rgb.begin(), picture.rgb.end(), target.data);
        return;
    }
    const std::size_t plane = picture.rgb.size() / 3;
    for (std::size_t i = 0; i < plane; ++i)
        for (std::size_t c = 0; c < 3; ++c) target.data[c * plane + i] = picture.rgb[3 * i + c];
}

/// Draws a rectangle of another picture over what is there. Colours are a function of each pixel alone, so that it
/// does not matter that they are changed before the rectangle is cut out instead of after.
void draw_cut_out(const Layer& layer, const Finish& finish, const Cut& cut,
                  const PixelTarget& target) {
    const auto side = static_cast<std::size_t>(target.width);
    std::vector<std::uint8_t> pixels(side * side * 3);
    render({layer}, finish, {pixels.data(), target.width, target.height, target.layout});
    const auto x = static_cast<std::size_t>(
        finish.flip_left_right ? target.width - cut.x - cut.width : cut.x);
    const auto y = static_cast<std::size_t>(
        finish.flip_up_down ? target.height - cut.y - cut.height : cut.y);
    const bool planar = target.layout == PixelLayout::planar;
    const std::size_t step = planar ? 1 : 3;  // bytes a pixel in a row
    for (std::size_t plane = 0; plane < (planar ? 3 : 1); ++plane)
        for (std::size_t row = y; row < y + static_cast<std::size_t>(cut.height); ++row) {
            const std::size_t at = plane * side * side + (row * side + x) * step;
            std::copy_n(pixels.data() + at, static_cast<std::size_t>(cut.width) * step,
                        target.data + at);
        }
}

}  // namespace

std::vector<PixelBox> render_training_sample(const OnlineContext& context, std::uint64_t position,
                                             const AugmentOptions& options,
                                             const ViewSource& source, std::uint8_t* pixels,
                                             PixelLayout layout) {
    const PixelTarget target{pixels, context.imgsz, context.imgsz, layout};
    if (options.perspective != 0) {
        Sample sample = chain_training_sample(context, position, options, source);
        copy_out(sample.image, target);
        return std::move(sample.boxes);
    }
    const SampleDraws draws(context, options, position, position);
    const SampleDraws::Choice choice = draws.choice();
    const LayerMaker maker(context, source);
    OwnedLayer first = maker.make(draws, choice.mosaic), second;
    Finish finish;
    std::vector<Layer> layers{std::move(first.layer)};
    std::vector<PixelBox> boxes = std::move(first.boxes);
    if (choice.blend) {
        const SampleDraws::Blend blend = draws.blend();
        second = maker.make(draws.second(blend), choice.second_mosaic);
        layers.push_back(std::move(second.layer));
        boxes.insert(boxes.end(), second.boxes.begin(), second.boxes.end());
        finish.ratio = blend.ratio;
    }
    std::optional<Cut> cut;
    if (auto random = draws.cut(choice)) {
        second = maker.make(draws.second(draws.blend()), choice.second_mosaic);
        cut = draw_cut(as_objects(boxes), as_objects(second.boxes), Task::detect, context.imgsz,
                       context.imgsz, *random);
        if (cut)
            for (const Object& part : cut->parts) boxes.push_back(part.box);
    }
    finish.gains = draws.hsv();
    finish.flip_up_down = choice.flip_up_down;
    finish.flip_left_right = choice.flip_left_right;
    render(layers, finish, target);
    if (cut) draw_cut_out(second.layer, finish, *cut, target);
    if (choice.flip_up_down) flip_up_down(boxes, context.imgsz);
    if (choice.flip_left_right) flip_left_right(boxes, context.imgsz);
    return boxes;
}

Sample make_training_sample(const OnlineContext& context, std::uint64_t position,
                            const AugmentOptions& options, const ViewSource& source) {
    Sample sample{Picture(context.imgsz, context.imgsz), {}};
    sample.boxes = render_training_sample(context, position, options, source,
                                          sample.image.rgb.data(), PixelLayout::interleaved);
    return sample;
}

Sample make_training_sample(const OnlineContext& context, std::uint64_t position,
                            const AugmentOptions& options, const SampleSource& source) {
    return make_training_sample(context, position, options, [&source](std::uint64_t number) {
        auto sample = std::make_shared<Sample>(source(number));
        SampleView view{PictureView(sample->image), std::move(sample->boxes), nullptr};
        view.owner = std::move(sample);
        return view;
    });
}

}  // namespace yolodata
