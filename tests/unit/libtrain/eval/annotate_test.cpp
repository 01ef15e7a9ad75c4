// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/eval/annotate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <set>

namespace yolotrain {
namespace {

using Colour = std::array<std::uint8_t, 3>;

Colour pixel(const yolodata::Picture& p, int x, int y) {
    const std::uint8_t* at = p.row(y) + std::ptrdiff_t{3} * x;
    return {at[0], at[1], at[2]};
}

TEST(Annotate, DrawsTheBoxInItsClassColourAndNothingInside) {
    yolodata::Picture picture(200, 200);
    annotate(picture, std::vector<Detection>{{50, 60, 150, 160, 0.9F, 1, 0}}, {"a", "b"});
    EXPECT_EQ(pixel(picture, 50, 110), class_colour(1));
    EXPECT_EQ(pixel(picture, 100, 160), class_colour(1));
    EXPECT_EQ(pixel(picture, 100, 110), (Colour{0, 0, 0}));
    EXPECT_EQ(pixel(picture, 10, 190), (Colour{0, 0, 0}));
    EXPECT_EQ(pixel(picture, 50, 58), class_colour(1));  // the label's plate, above the box
}

TEST(Annotate, BoxesAtTheEdgesAndBeyondAreSafe) {
    for (const auto& [w, h] : {std::pair{1, 1}, {3, 500}, {40, 20}}) {
        yolodata::Picture picture(w, h);
        const auto fw = static_cast<float>(w), fh = static_cast<float>(h);
        annotate(picture,
                 std::vector<Detection>{{0, 0, fw, fh, 0.9F, 0, 0},
                                        {-50, -50, 2 * fw, 2 * fh, 0.5F, 7, 0}},
                 {"a rather long name of a class"});
        EXPECT_EQ(picture.rgb.size(), static_cast<std::size_t>(w) * h * 3);
    }
    yolodata::Picture nothing;
    annotate(nothing, std::vector<Detection>{{0, 0, 1, 1, 0.9F, 0, 0}}, {});
}

TEST(Annotate, ColoursOfTheFirstClassesAreFarApart) {
    for (int a = 0; a < 12; ++a) {
        for (int b = 0; b < a; ++b) {
            const Colour x = class_colour(a), y = class_colour(b);
            int distance = 0;
            for (int i = 0; i < 3; ++i) distance += std::abs(int{x[i]} - int{y[i]});
            EXPECT_GT(distance, 100) << a << " and " << b;
        }
    }
    class_colour(1 << 30);  // any number has one
}

}  // namespace
}  // namespace yolotrain
