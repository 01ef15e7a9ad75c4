// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fuzz.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/image/check.hpp"
#include "yolodata/image/decode.hpp"
#include "yolodata/image/thumbnail.hpp"

namespace fuzz {

/// Checks a picture and decodes it: both must survive, and agree on whether it is whole.
inline void check_and_decode(std::span<const std::byte> bytes) {
    using namespace yolodata;
    constexpr std::uint64_t max_pixels = 1 << 18;  // speed: the codecs' time goes by pixels
    GrayThumbnail thumbnail;
    const ImageReport report =
        check_image(bytes, {.max_pixels = max_pixels, .thumbnail = &thumbnail});
    const ImageReport plain = check_image(bytes, {.max_pixels = max_pixels});
    demand(plain.whole == report.whole && plain.issues.size() == report.issues.size(),
           "a thumbnail changes no verdict");
    for (std::size_t i = 1; i < report.issues.size(); ++i)
        demand(report.issues[i - 1].rule <= report.issues[i].rule, "issues stand in order");
    for (const ImageIssue& issue : report.issues)
        demand(!issue.message.empty(), "an issue says what it is");
    demand(report.end <= bytes.size(), "the picture ends within the file");
    demand(report.orientation >= 1 && report.orientation <= 8, "an orientation is one of eight");

    const bool refused = report.find(ImageRule::too_small) || report.find(ImageRule::too_large);
    const bool damaged = report.find(ImageRule::truncated) || report.find(ImageRule::corrupt_data);
    demand(!(report.whole && damaged), "a damaged picture is not whole");
    DecodeOptions options;
    options.max_pixels = max_pixels;
    try {
        const Picture picture = decode(bytes, options);
        demand(!damaged, "a damaged picture does not decode");
        if (report.whole)
            demand(picture.width == report.width && picture.height == report.height,
                   "check and decode see one size");
    } catch (const Error&) {
        demand(!report.whole || refused, "a whole picture decodes");
    }
}

}  // namespace fuzz
