// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "drawn.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/image/decode.hpp"

namespace yolodata {
namespace {

using test::Bytes;
using test::JpegKind;
using test::make_jpeg;

TEST(ScaledDecode, TakesTheSmallestScaleThatSuffices) {
    using Size = std::pair<int, int>;
    EXPECT_EQ(scaled_jpeg_size(4000, 3000, 0), Size(4000, 3000));
    EXPECT_EQ(scaled_jpeg_size(4000, 3000, 500), Size(500, 375));
    EXPECT_EQ(scaled_jpeg_size(4000, 3000, 501), Size(1000, 750));
    EXPECT_EQ(scaled_jpeg_size(4000, 3000, 640), Size(1000, 750));
    EXPECT_EQ(scaled_jpeg_size(3000, 4000, 1001), Size(1500, 2000));
    EXPECT_EQ(scaled_jpeg_size(4000, 3000, 2001), Size(4000, 3000));
    EXPECT_EQ(scaled_jpeg_size(4000, 3000, 9000), Size(4000, 3000));
    EXPECT_EQ(scaled_jpeg_size(1279, 3, 640), Size(640, 2));  // a side is rounded up
}

/// Each pixel against the mean of what it stands for.
double distance(const Picture& whole, const Picture& small, int factor) {
    double sum = 0;
    for (int y = 0; y < small.height; ++y)
        for (int i = 0; i < small.width * 3; ++i) {
            int mean = 0, n = 0;
            for (int v = y * factor; v < std::min(whole.height, (y + 1) * factor); ++v)
                for (int u = i / 3 * factor; u < std::min(whole.width, (i / 3 + 1) * factor); ++u, ++n) mean += whole.row(v)[3 * u + i % 3];
            sum += std::abs(small.row(y)[i] - mean / n);
        }
    return sum / (small.width * small.height * 3.0);
}

TEST(ScaledDecode, IsNearTheMeanOfTheWholePicture) {
    for (const bool progressive : {false, true})
        for (const int sampling : {1, 2}) {
            JpegKind kind;
            kind.width = 203, kind.height = 101, kind.progressive = progressive, kind.sampling = sampling;
            const Bytes bytes = make_jpeg(kind);
            const Picture whole = decode(bytes);
            for (const int factor : {2, 4, 8}) {
                const Picture small = decode(bytes, {.long_side = (203 + factor - 1) / factor});
                EXPECT_EQ(small.width, (203 + factor - 1) / factor);
                EXPECT_EQ(small.height, (101 + factor - 1) / factor);
                // Chroma of half the size is smoothed in a whole decode, not in a smaller one.
                EXPECT_LT(distance(whole, small, factor), sampling == 1 ? 2 : 6) << factor;
            }
        }
}

TEST(ScaledDecode, TurnsByExif) {
    const Bytes bytes = test::with_segment(make_jpeg({}), 0xE1, std::string("Exif\0\0", 6) + test::exif_block(6));
    const Picture small = decode(bytes, {.long_side = 32});
    EXPECT_EQ(small.width, 24);
    EXPECT_EQ(small.height, 32);
}

// The whole file is read at any scale: where a whole decode is refused, a smaller one is, too.
TEST(ScaledDecode, FindsTheSameDamage) {
    const auto decodes = [](const Bytes& bytes, int long_side) {
        try {
            decode(bytes, {.long_side = long_side});
            return true;
        } catch (const Error&) {
            return false;
        }
    };
    for (const bool progressive : {false, true}) {
        JpegKind kind;
        kind.progressive = progressive;
        const Bytes bytes = make_jpeg(kind);
        int refused = 0;
        for (std::size_t at = 0; at < bytes.size(); at += 5) {
            const Bytes cut(bytes.begin(), bytes.begin() + static_cast<long>(at));
            EXPECT_EQ(decodes(cut, 8), decodes(cut, 0)) << at;
            Bytes wrong = bytes;
            wrong[at] ^= std::byte{0x10};
            const bool whole = decodes(wrong, 0);
            EXPECT_EQ(decodes(wrong, 8), whole) << at;
            refused += whole ? 0 : 1;
        }
        EXPECT_GT(refused, 20);
    }
}

}  // namespace
}  // namespace yolodata
