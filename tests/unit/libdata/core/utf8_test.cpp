// SPDX-License-Identifier: Apache-2.0
#include "yolodata/core/utf8.hpp"

#include <gtest/gtest.h>

namespace yolodata {
namespace {

TEST(Utf8Test, WellFormedSequences) {
    for (const std::string_view text : {"a", "\x7F", "\xC2\x80", "é", "€", "\xED\x9F\xBF",
                                        "\xEE\x80\x80", "😀", "\xF4\x8F\xBF\xBF"})
        EXPECT_EQ(utf8_sequence(text), text.size()) << text;
}

TEST(Utf8Test, IllFormedSequences) {
    for (const std::string_view text :
         {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC3", "\xE2\x82", "\xC3("})
        EXPECT_EQ(utf8_sequence(text), 0u) << escape_invalid_utf8(text);
    EXPECT_EQ(utf8_sequence(""), 0u);
}

TEST(Utf8Test, FindsTheFirstBadByteAtAnyOffset) {
    for (std::size_t n = 0; n < 40; ++n) {
        const std::string good = std::string(n, 'x') + "é";
        EXPECT_EQ(find_invalid_utf8(good), std::string_view::npos);
        EXPECT_EQ(find_invalid_utf8(good + "\xFF" + "tail"), good.size());
    }
}

TEST(Utf8Test, Escapes) {
    EXPECT_EQ(escape_invalid_utf8("a\xFF\nü"), "a\\xff\nü");
    EXPECT_EQ(printable("a\xFF\n\t\x1b[31mü\x7f"), "a\\xff\\n\\t\\x1b[31mü\\x7f");
    EXPECT_EQ(printable("\xC2\x85"), "\\xc2\\x85");
}

}  // namespace
}  // namespace yolodata
