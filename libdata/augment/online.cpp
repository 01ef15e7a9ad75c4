// SPDX-License-Identifier: Apache-2.0
#include "yolodata/augment/online.hpp"

#include <array>

#include "yolodata/augment/affine.hpp"
#include "yolodata/augment/flip.hpp"
#include "yolodata/augment/hsv.hpp"
#include "yolodata/augment/mixup.hpp"
#include "yolodata/augment/mosaic.hpp"
#include "yolodata/augment/resize.hpp"
#include "yolodata/core/random.hpp"

namespace yolodata {
namespace {

class SampleMaker {
 public:
    /// stream: which numbers are drawn. The picture at `position` draws stream `position`; the one
    /// that is blended into it, n + position.
    SampleMaker(const OnlineContext& context, const AugmentOptions& options,
                const SampleSource& source, std::uint64_t position, std::uint64_t stream)
        : context_(context),
          options_(options),
          source_(source),
          position_(position),
          stream_(stream) {}

    Random random(Purpose purpose) const {
        return {context_.seed, context_.epoch, stream_, purpose};
    }

    std::uint64_t position_before(Random& partners) const {
        const std::uint64_t back = 1 + partners.below(context_.window);
        return (position_ + context_.n - back % context_.n) % context_.n;
    }

    /// Mosaic or letterbox, then the affine transform, which crops a mosaic to its middle.
    Sample make(bool mosaic) const {
        Random affine = random(Purpose::affine);
        const AffineDraw draw = draw_affine(affine, options_);
        return warp(mosaic ? make_mosaic() : make_single(), draw, context_.imgsz, context_.imgsz);
    }

 private:
    Sample load(std::uint64_t position) const { return source_(context_.record_at(position)); }

    Sample make_mosaic() const {
        Random partners = random(Purpose::partners), centre = random(Purpose::mosaic);
        std::array<Sample, 4> parts;
        parts[0] = load(position_);
        for (int i = 1; i < 4; ++i) parts[i] = load(position_before(partners));
        const double low = context_.imgsz / 2.0, high = context_.imgsz * 1.5;
        const auto y = static_cast<int>(centre.uniform(low, high)),
                   x = static_cast<int>(centre.uniform(low, high));
        return mosaic4(parts, context_.imgsz, x, y);
    }

    Sample make_single() const {
        Sample sample = load(position_);
        const int imgsz = context_.imgsz;
        if (sample.image.width == imgsz && sample.image.height == imgsz) return sample;
        Letterbox where;
        sample.image = letterbox(sample.image, imgsz, imgsz, true, &where);
        const auto scale = static_cast<float>(where.scale_x);
        const auto left = static_cast<float>(where.left), top = static_cast<float>(where.top);
        for (PixelBox& box : sample.boxes)
            box = {box.cls, box.x1 * scale + left, box.y1 * scale + top, box.x2 * scale + left,
                   box.y2 * scale + top};
        return sample;
    }

    const OnlineContext& context_;
    const AugmentOptions& options_;
    const SampleSource& source_;
    std::uint64_t position_, stream_;
};

}  // namespace

Sample make_training_sample(const OnlineContext& context, std::uint64_t position,
                            const AugmentOptions& options, const SampleSource& source) {
    const SampleMaker maker(context, options, source, position, position);
    Random choice = maker.random(Purpose::choice);
    const bool mosaic = choice.uniform() < options.mosaic && !context.close_mosaic;
    const bool blend = choice.uniform() < options.mixup && !context.close_mosaic;
    const bool second_mosaic = choice.uniform() < options.mosaic;
    Sample sample = maker.make(mosaic);
    if (blend) {
        Random random = maker.random(Purpose::mixup);
        const std::uint64_t other = maker.position_before(random);
        const double ratio = draw_mixup_ratio(random);
        const SampleMaker second(context, options, source, other, context.n + position);
        mixup(sample, second.make(second_mosaic), ratio);
    }
    Random hsv = maker.random(Purpose::hsv);
    apply_hsv(sample.image, draw_hsv(hsv, options));
    Random flip = maker.random(Purpose::flip);
    if (flip.uniform() < options.flipud) flip_up_down(sample);
    if (flip.uniform() < options.fliplr) flip_left_right(sample);
    return sample;
}

}  // namespace yolodata
