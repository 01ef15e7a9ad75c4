// SPDX-License-Identifier: Apache-2.0
#include "yolodata/core/label.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace yolodata {
namespace {

struct Parsed {
    std::uint32_t line;
    std::vector<double> values;
    bool blank;
    bool operator==(const Parsed&) const = default;
};

std::vector<Parsed> rows_of(std::string_view text) {
    LabelReader reader(text);
    LabelRow row;
    std::vector<Parsed> rows;
    while (reader.next(row)) rows.push_back({row.line, row.values, row.blank});
    return rows;
}

double number(std::string_view text) {
    double value = 0;
    EXPECT_TRUE(parse_number(text, value)) << text;
    return value;
}

TEST(LabelTest, RowsAndLines) {
    const std::vector<Parsed> expected = {{1, {0, 0.5}, false}, {3, {1, 2}, false}};
    EXPECT_EQ(rows_of("0 0.5\n\n1 2\n"), expected);
    EXPECT_EQ(rows_of("0 0.5\r\n\r\n1 2"), expected);
    EXPECT_EQ(rows_of("0 0.5\r\r1 2\r"), expected);
    EXPECT_EQ(rows_of(" \t0   0.5 \n\n\t1 2\t"), expected);
    EXPECT_TRUE(rows_of("").empty());
    EXPECT_TRUE(rows_of("\n\n\n").empty());
}

TEST(LabelTest, BlankRowsAreToldFromEmptyLines) {
    const std::vector<Parsed> expected = {{1, {1}, false}, {2, {}, true}, {4, {2}, false}};
    EXPECT_EQ(rows_of("1\n \t\n\n2"), expected);
}

TEST(LabelTest, SeparatorsOfPython) {
    // Vertical tab, form feed, NEL and the line separator end lines; a no-break space separates
    // fields.
    const std::vector<Parsed> expected = {
        {1, {1}, false}, {2, {2}, false}, {3, {3}, false}, {4, {4}, false}, {5, {5, 6}, false}};
    EXPECT_EQ(rows_of("1\v2\f3\xC2\x85"
                      "4\xE2\x80\xA8"
                      "5\xC2\xA0"
                      "6"),
              expected);
}

TEST(LabelTest, NumbersInFull) {
    EXPECT_EQ(number("0.5"), 0.5);
    EXPECT_EQ(number("+.5"), 0.5);
    EXPECT_EQ(number("5."), 5);
    EXPECT_EQ(number("-0"), 0);
    EXPECT_EQ(number("02"), 2);
    EXPECT_EQ(number("1E-2"), 0.01);
    EXPECT_EQ(number("1e+2"), 100);
    EXPECT_EQ(number("0.1"), 0.1);
    EXPECT_EQ(number("1e-400"), 0);
    EXPECT_EQ(number("0." + std::string(400, '0') + "1"), 0);
    for (const std::string_view text :
         {"1e400", "-1e400", "inf", "-INF", "Infinity", "nan", "NaN", "-nan"})
        EXPECT_FALSE(std::isfinite(number(text))) << text;
    EXPECT_EQ(number("-1e400"), -std::numeric_limits<double>::infinity());
    EXPECT_TRUE(std::isinf(number("1" + std::string(400, '0'))));
}

TEST(LabelTest, WhatIsNoNumber) {
    double value;
    for (const std::string_view text :
         {"", "dog", "0,5", "1e", "0x1", "1_0", "+", "-", ".", "+-1", "--1", "++1", "nan(1)",
          "infin", "1.2.3", "0.4px", "1e5.0", "\xD9\xA1", "1\xC2\xA0"}) {
        EXPECT_FALSE(parse_number(text, value)) << text;
        EXPECT_TRUE(std::isnan(value));
    }
}

TEST(LabelTest, FaultsNameTheirFields) {
    LabelReader reader("0 x 0.5 inf 1e");
    LabelRow row;
    ASSERT_TRUE(reader.next(row));
    ASSERT_EQ(row.values.size(), 5u);
    ASSERT_EQ(row.faults.size(), 3u);
    EXPECT_EQ(row.faults[0].field, 1u);
    EXPECT_EQ(row.faults[1].kind, FieldFault::not_finite);
    EXPECT_EQ(row.faults[2].field, 4u);
    EXPECT_EQ(row.field(0), "0");
    EXPECT_EQ(row.field(1), "x");
    EXPECT_EQ(row.field(4), "1e");
    EXPECT_EQ(row.values[2], 0.5);
}

// The oracle is strtod in the C locale, on decimal texts of every length.
TEST(LabelTest, AgreesWithStrtod) {
    std::mt19937_64 random(7);
    for (int i = 0; i < 20'000; ++i) {
        const double wanted = std::ldexp(static_cast<double>(random() >> 11), -53) *
                              std::pow(10.0, static_cast<double>(random() % 9) - 4);
        char text[64];
        std::snprintf(text, sizeof text, "%.*g", static_cast<int>(1 + random() % 17), wanted);
        EXPECT_EQ(number(text), std::strtod(text, nullptr)) << text;
    }
}

// The same of what labels mostly hold, which has a way of its own: plain decimals of every length.
TEST(LabelTest, PlainDecimalsAgreeWithStrtod) {
    std::mt19937_64 random(8);
    for (int i = 0; i < 50'000; ++i) {
        std::string text;
        for (std::uint64_t n = random() % 9; n > 0; --n)
            text += static_cast<char>('0' + random() % 10);
        if (random() % 4 != 0) text += '.';
        for (std::uint64_t n = random() % 14; n > 0; --n)
            text += static_cast<char>('0' + random() % 10);
        if (text.empty() || text == ".") continue;
        EXPECT_EQ(number(text), std::strtod(text.c_str(), nullptr)) << text;
    }
}

TEST(LabelTest, EncodingFaults) {
    EXPECT_FALSE(find_encoding_fault("0 0.5\n"));
    EXPECT_FALSE(
        find_encoding_fault("\xEF\xBB\xBF"
                            "0"));
    EXPECT_EQ(find_encoding_fault("\xFF\xFE"
                                  "0")
                  .what,
              "UTF-16 text");
    EXPECT_EQ(find_encoding_fault(std::string("\xFF\xFE\0\0", 4)).what, "UTF-32 text");
    EXPECT_EQ(find_encoding_fault(std::string("0 1\0", 4)).offset, 3u);
    EXPECT_EQ(find_encoding_fault("0 1 \xE9").offset, 4u);
}

}  // namespace
}  // namespace yolodata
