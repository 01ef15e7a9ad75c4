// SPDX-License-Identifier: Apache-2.0
#include "yolodata/augment/mixup.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "yolodata/core/error.hpp"

namespace yolodata {

// The k-th smallest of n uniform numbers follows Beta(k, n + 1 − k): the middle one of 63, Beta(32,
// 32).
double draw_mixup_ratio(Random& random) {
    std::array<double, 63> numbers{};
    for (double& x : numbers) x = random.uniform();
    std::nth_element(numbers.begin(), numbers.begin() + 31, numbers.end());
    return numbers[31];
}

void mixup(Sample& sample, const Sample& other, double ratio) {
    Picture& to = sample.image;
    const Picture& from = other.image;
    if (to.width != from.width || to.height != from.height)
        throw Error(ErrorKind::invalid_argument,
                    fmt::format("mixup of {} x {} px with {} x {} px", to.width, to.height,
                                from.width, from.height));
    const auto a = static_cast<float>(ratio), b = static_cast<float>(1 - ratio);
    for (std::size_t i = 0; i < to.rgb.size(); ++i)
        to.rgb[i] = static_cast<std::uint8_t>(static_cast<float>(to.rgb[i]) * a +
                                              static_cast<float>(from.rgb[i]) * b);
    sample.boxes.insert(sample.boxes.end(), other.boxes.begin(), other.boxes.end());
}

}  // namespace yolodata
