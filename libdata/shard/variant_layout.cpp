// SPDX-License-Identifier: Apache-2.0
#include "yolodata/shard/variant_layout.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "yolodata/core/error.hpp"

namespace yolodata::shard {

VariantLayout::VariantLayout(const SetIndex& index, const std::string& split,
                             const std::string& dir) {
    const auto found = std::find_if(index.splits.begin(), index.splits.end(),
                                    [&](const SplitEntry& s) { return s.name == split; });
    if (found == index.splits.end())
        throw Error(ErrorKind::invalid_argument, fmt::format("{}: has no split {}", dir, split));
    const auto variants = static_cast<std::uint64_t>(found->variants);
    if (variants == 0)
        throw Error(ErrorKind::invalid_argument,
                    fmt::format("{}: split {} holds each image as it is; pack --variants K makes "
                                "variants, of every split but val and test",
                                dir, split));
    if (lacks_records(index, split))
        throw Error(ErrorKind::unsupported,
                    dir + ": damaged records were left out by repair, so that not every image has "
                          "every variant; pack it again");
    if (found->records % variants != 0)
        throw Error(ErrorKind::corrupt,
                    fmt::format("{}: the {} records of split {} do not make {} variants of each "
                                "image; pack it again",
                                dir, found->records, split, variants));
    images_ = found->records / variants;
    orders_.reserve(variants);
    for (std::uint64_t v = 1; v <= variants; ++v)
        orders_.emplace_back(images_, index.options.seed, static_cast<std::uint32_t>(v));
}

std::uint64_t VariantLayout::first_record(std::uint32_t variant) const {
    if (variant < 1 || variant > variants())
        throw Error(ErrorKind::invalid_argument,
                    fmt::format("variant {} is not within 1…{}", variant, variants()));
    return (variant - 1) * images_;
}

std::uint64_t VariantLayout::record(std::uint64_t image, std::uint32_t variant) const {
    const std::uint64_t first = first_record(variant);
    if (image >= images_)
        throw Error(ErrorKind::invalid_argument,
                    fmt::format("image {} is not below {}", image, images_));
    return first + orders_[variant - 1].position_of(image);
}

std::uint64_t VariantLayout::image_of(std::uint64_t record) const {
    const std::uint32_t variant = variant_of(record);
    return orders_[variant - 1](record - (variant - 1) * images_);
}

std::uint32_t VariantLayout::variant_of(std::uint64_t record) const {
    if (record >= images_ * variants())
        throw Error(ErrorKind::invalid_argument,
                    fmt::format("record {} is not below {}", record, images_ * variants()));
    return static_cast<std::uint32_t>(record / images_ + 1);
}

}  // namespace yolodata::shard
