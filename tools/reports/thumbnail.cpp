// SPDX-License-Identifier: Apache-2.0
#include "reports/thumbnail.hpp"

#include <algorithm>

#include "yolodata/core/error.hpp"
#include "yolodata/image/decode.hpp"
#include "yolodata/image/encode.hpp"

namespace tools {

using yolodata::Picture;

namespace {

constexpr int long_side = 240;  // px
constexpr int quality = 80;

struct Range {
    int from, to;
};

// The source pixels that one pixel of `to` stands for; at least one.
Range source_of(int i, int from, int to) {
    const auto at = [&](int k) {
        return static_cast<int>(static_cast<std::int64_t>(k) * from / to);
    };
    return {at(i), std::max(at(i + 1), at(i) + 1)};
}

/// The mean of the pixels that each pixel stands for. Never enlarges.
Picture shrink(const Picture& picture) {
    const int longest = std::max(picture.width, picture.height);
    if (longest <= long_side) return picture;
    const auto side = [longest](int length) {
        return std::max(1,
                        static_cast<int>(static_cast<std::int64_t>(length) * long_side / longest));
    };
    Picture small(side(picture.width), side(picture.height));
    for (int y = 0; y < small.height; ++y) {
        const Range rows = source_of(y, picture.height, small.height);
        for (int x = 0; x < small.width; ++x) {
            const Range columns = source_of(x, picture.width, small.width);
            std::uint64_t sum[3] = {};
            for (int row = rows.from; row < rows.to; ++row)
                for (int i = columns.from * 3; i < columns.to * 3; ++i)
                    sum[i % 3] += picture.row(row)[i];
            const auto count = static_cast<std::uint64_t>(rows.to - rows.from) *
                               static_cast<std::uint64_t>(columns.to - columns.from);
            for (int c = 0; c < 3; ++c)
                small.row(y)[x * 3 + c] = static_cast<std::uint8_t>(sum[c] / count);
        }
    }
    return small;
}

}  // namespace

Thumbnail make_thumbnail(std::span<const std::byte> file, std::uint64_t max_pixels) {
    Thumbnail thumbnail;
    try {
        const Picture picture = yolodata::decode(file, {.max_pixels = max_pixels});
        thumbnail.width = picture.width;
        thumbnail.height = picture.height;
        const Picture small = shrink(picture);
        thumbnail.shown_width = small.width;
        thumbnail.shown_height = small.height;
        thumbnail.src = "data:image/jpeg;base64," + base64(yolodata::encode_jpeg(small, quality));
    } catch (const yolodata::Error& error) {
        thumbnail.why = error.what();
    }
    return thumbnail;
}

std::string base64(std::span<const std::byte> bytes) {
    constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k)
            group = group << 8 | (k < n ? std::to_integer<std::uint32_t>(bytes[i + k]) : 0);
        for (std::size_t k = 0; k < 4; ++k)
            text += k <= n ? digits[group >> (18 - 6 * k) & 63] : '=';
    }
    return text;
}

}  // namespace tools
