// SPDX-License-Identifier: Apache-2.0
#include "label_edit.hpp"

#include <gmock/gmock.h>

#include <random>

#include "label_row.hpp"

namespace yolodata {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

class LabelEditTest : public testing::Test {
 protected:
    LabelEditTest() {
        context.class_count = 3;
        context.width = 640;
        context.height = 480;
    }
    std::string edited(const std::string& text) {
        edit = edit_label(bytes_of(text), context, chosen);
        const auto out = apply_splices(bytes_of(text), edit.splices);
        return {reinterpret_cast<const char*>(out.data()), out.size()};
    }
    LabelContext context;
    LabelEdit edit;
    Chosen chosen = [](std::string_view, Fix fix) { return fix != Fix::none; };
};

TEST_F(LabelEditTest, GoodRowsAreNoWork) {
    EXPECT_EQ(edited("0 .5 .5 .1 .1\r\n\r\n1 .5 .5 .2 .2"), "0 .5 .5 .1 .1\r\n\r\n1 .5 .5 .2 .2");
    EXPECT_THAT(edit.splices, IsEmpty());
    EXPECT_THAT(edit.mends, IsEmpty());
    EXPECT_FALSE(edit.becomes_background);
}

TEST_F(LabelEditTest, LineEndsOfEveryKindStay) {
    EXPECT_EQ(edited("9 .5 .5 .1 .1\r\n0 .5 .5 .1 .1\r9 .5 .5 .1 .1\r1 .5 .5 .1 .1\xE2\x80\xA8"
                     "9 .5 .5 .1 .1\xC2\x85\n2 .5 .5 .1 .1"),
              "0 .5 .5 .1 .1\r1 .5 .5 .1 .1\xE2\x80\xA8\n2 .5 .5 .1 .1");
}

TEST_F(LabelEditTest, LinesAreThoseOfTheOldFile) {
    edited("9 .5 .5 .1 .1\n\n0 .9 .5 .4 .1\n0 1 .5 .2 .1\n0 .85 .5 .3 .1\n");
    std::vector<std::pair<std::string_view, std::uint32_t>> seen;
    for (const Mend& mend : edit.mends) seen.emplace_back(mend.rule, mend.line);
    EXPECT_THAT(seen, ElementsAre(std::pair("label/class-out-of-range", 1u),
                                  std::pair("label/box-outside-image", 3u),
                                  std::pair("label/box-outside-image", 4u),
                                  std::pair("label/duplicate-row", 5u)));
}

TEST_F(LabelEditTest, OnlyWhatIsChosen) {
    chosen = [](std::string_view rule, Fix) { return rule == "label/duplicate-row"; };
    EXPECT_EQ(edited("9 .5 .5 .1 .1\n9 .5 .5 .1 .1\n0 .9 .5 .4 .1\n"),
              "9 .5 .5 .1 .1\n0 .9 .5 .4 .1\n");
}

TEST_F(LabelEditTest, ARowThatCannotBeClippedIsLeft) {
    chosen = [](std::string_view, Fix fix) { return fix == Fix::clip; };
    EXPECT_EQ(edited("0 1.3 .5 nan .1\n"), "0 1.3 .5 nan .1\n");
    ASSERT_EQ(edit.left.size(), 1u);
    EXPECT_EQ(edit.left[0].line, 1u);
}

TEST_F(LabelEditTest, TheLastRowLeavesABackground) {
    EXPECT_EQ(edited("9 .5 .5 .1 .1\n"), "");
    EXPECT_TRUE(edit.becomes_background);
}

// Whatever boxes are drawn: what comes out is clean, and clean rows keep their text.
TEST_F(LabelEditTest, RandomBoxesComeOutClean) {
    std::mt19937 random(7);
    std::uniform_real_distribution<double> centre(-0.3, 1.3), size(-0.1, 1.5);
    for (int i = 0; i < 2000; ++i) {
        std::string text = "1 0.50 .5 0.10 .1\n";
        for (int row = 0; row < 4; ++row)
            text += std::to_string(row) + " " + number_text(centre(random)) + " " +
                    number_text(centre(random)) + " " + number_text(size(random)) + " " +
                    number_text(size(random)) + "\n";
        const std::string out = edited(text);
        ASSERT_TRUE(out.starts_with("1 0.50 .5 0.10 .1\n")) << text;
        LabelChecker checker;
        LabelOutcome outcome;
        checker.check(bytes_of(out), context, outcome);
        for (const Finding& finding : outcome.findings)
            ASSERT_EQ(finding.fix, Fix::none) << finding.rule << "\n" << text << "→\n" << out;
        ASSERT_EQ(edited(out), out);
    }
}

TEST_F(LabelEditTest, RandomPixelRowsComeOutClean) {
    std::mt19937 random(8);
    std::uniform_real_distribution<double> x(0, 640), y(0, 480);
    for (int i = 0; i < 500; ++i) {
        const std::string out =
            edited("0 " + number_text(x(random)) + " " + number_text(y(random)) + " " +
                   number_text(x(random)) + " " + number_text(y(random)) + "\n");
        LabelChecker checker;
        LabelOutcome outcome;
        checker.check(bytes_of(out), context, outcome);
        for (const Finding& finding : outcome.findings) ASSERT_EQ(finding.fix, Fix::none) << out;
    }
}

TEST(LabelRow, Numbers) {
    EXPECT_EQ(number_text(1), "1");
    EXPECT_EQ(number_text(0.5), "0.5");
    EXPECT_EQ(number_text(1.0 / 3), "0.333333333");
    EXPECT_EQ(number_text(-0.0), "0");
    EXPECT_EQ(number_text(100), "100");
}

TEST(Splices, ComposeInOrder) {
    const std::string old = "abcdef";
    const auto out = apply_splices(bytes_of(old), {{0, 1, "X"}, {2, 2, ""}, {6, 0, "!"}});
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(out.data()), out.size()), "Xbef!");
}

}  // namespace
}  // namespace yolodata
