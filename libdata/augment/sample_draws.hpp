// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "yolodata/augment/affine.hpp"
#include "yolodata/augment/hsv.hpp"
#include "yolodata/augment/mixup.hpp"
#include "yolodata/augment/online.hpp"
#include "yolodata/core/random.hpp"

namespace yolodata {

/// The random decisions behind one training sample: every way of making its pixels draws from here.
class SampleDraws {
 public:
    /// stream: which numbers are drawn. The picture at `position` draws stream `position`; the one
    /// that is blended into it, n + position.
    SampleDraws(const OnlineContext& context, const AugmentOptions& options, std::uint64_t position,
                std::uint64_t stream)
        : context_(context), options_(options), position_(position), stream_(stream) {}

    /// A mosaic or a picture alone; of the sample itself, whether another one is blended in.
    struct Choice {
        bool mosaic, blend, second_mosaic, flip_up_down, flip_left_right;
    };
    Choice choice() const {
        Random choice = random(Purpose::choice);
        Choice c{};
        c.mosaic = choice.uniform() < options_.mosaic && !context_.close_mosaic;
        c.blend = choice.uniform() < options_.mixup && !context_.close_mosaic;
        c.second_mosaic = choice.uniform() < options_.mosaic;
        Random flip = random(Purpose::flip);
        c.flip_up_down = flip.uniform() < options_.flipud;
        c.flip_left_right = flip.uniform() < options_.fliplr;
        return c;
    }

    struct Mosaic {
        std::array<std::uint64_t, 4> positions;
        int centre_x, centre_y;
    };
    Mosaic mosaic() const {
        Random partners = random(Purpose::partners), centre = random(Purpose::mosaic);
        Mosaic m{};
        m.positions[0] = position_;
        for (std::size_t i = 1; i < 4; ++i) m.positions[i] = position_before(partners);
        const double low = context_.imgsz / 2.0, high = context_.imgsz * 1.5;
        m.centre_y = static_cast<int>(centre.uniform(low, high));
        m.centre_x = static_cast<int>(centre.uniform(low, high));
        return m;
    }

    AffineDraw affine() const {
        Random affine = random(Purpose::affine);
        return draw_affine(affine, options_);
    }
    HsvGains hsv() const {
        Random hsv = random(Purpose::hsv);
        return draw_hsv(hsv, options_);
    }

    /// The numbers of a cutmix, if one is drawn where no picture is blended in.
    std::optional<Random> cut(const Choice& choice) const {
        Random cut = random(Purpose::cutmix);
        const bool cuts = cut.uniform() < options_.cutmix && !context_.close_mosaic;
        return cuts && !choice.blend ? std::optional(cut) : std::nullopt;
    }

    struct Blend {
        std::uint64_t position;
        double ratio;
    };
    Blend blend() const {
        Random random_ = random(Purpose::mixup);
        const std::uint64_t other = position_before(random_);
        return {other, draw_mixup_ratio(random_)};
    }
    /// The draws of the picture that is blended in.
    SampleDraws second(const Blend& blend) const {
        return {context_, options_, blend.position, context_.n + position_};
    }

    std::uint64_t position() const { return position_; }
    /// Positions of a mosaic of nine; the first four are those of mosaic().
    std::array<std::uint64_t, 9> nine() const {
        Random partners = random(Purpose::partners);
        std::array<std::uint64_t, 9> positions{position_};
        for (std::size_t i = 1; i < positions.size(); ++i) positions[i] = position_before(partners);
        return positions;
    }
    Random random(Purpose purpose) const {
        return {context_.seed, context_.epoch, stream_, purpose};
    }

 private:
    std::uint64_t position_before(Random& partners) const {
        const std::uint64_t back = 1 + partners.below(context_.window);
        return (position_ + context_.n - back % context_.n) % context_.n;
    }

    const OnlineContext& context_;
    const AugmentOptions& options_;
    std::uint64_t position_, stream_;
};

}  // namespace yolodata
