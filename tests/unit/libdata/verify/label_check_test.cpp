// SPDX-License-Identifier: Apache-2.0
#include "label_check.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <random>
#include <string>
#include <vector>

namespace yolodata {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// "rule:line:column" of each finding, sorted; the group's name is left out.
std::vector<std::string> places(const LabelOutcome& outcome) {
    std::vector<std::string> all;
    for (const Finding& f : outcome.findings)
        all.push_back(std::string(f.rule.substr(6)) + ":" + std::to_string(f.line) + ":" +
                      std::to_string(f.column));
    std::sort(all.begin(), all.end());
    return all;
}

class LabelCheckTest : public testing::Test {
 protected:
    LabelCheckTest() {
        context.class_count = 3;
        context.width = 640;
        context.height = 480;
    }
    LabelOutcome check(std::string_view text) {
        LabelOutcome outcome;
        checker.check(std::as_bytes(std::span(text.data(), text.size())), context, outcome);
        return outcome;
    }
    std::vector<std::string> found(std::string_view text) { return places(check(text)); }
    Verdict verdict(std::string_view text) {
        const LabelOutcome outcome = check(text);
        EXPECT_EQ(outcome.findings.size(), 1u) << text;
        return outcome.findings.empty() ? Verdict::never_sees : outcome.findings[0].verdict;
    }

    LabelContext context;
    LabelChecker checker;
};

TEST_F(LabelCheckTest, GoodRowsBecomeBoxes) {
    const LabelOutcome outcome = check("0 0.5 0.5 0.4 0.4\n2.0 .25 5e-1 0.1 0.2\n");
    EXPECT_THAT(places(outcome), IsEmpty());
    EXPECT_EQ(outcome.rows, 2u);
    EXPECT_THAT(outcome.boxes,
                ElementsAre(Box{0, .5f, .5f, .4f, .4f}, Box{2, .25f, .5f, .1f, .2f}));
    EXPECT_FALSE(outcome.drops_image);
}

TEST_F(LabelCheckTest, TheIssuesBadRowHasTwoFaults) {
    context.class_count = 80;
    EXPECT_THAT(found("80 0.5 0.5 1.2 0.1\n"),
                ElementsAre("class-out-of-range:1:1", "out-of-range:1:4"));
}

TEST_F(LabelCheckTest, EmptyAndBlank) {
    EXPECT_THAT(found(""), ElementsAre("empty:0:0"));
    EXPECT_THAT(found(" \n\n\t\n"), ElementsAre("empty:0:0"));
    EXPECT_THAT(found("\n  \n0 .5 .5 .4 .4\n \n1 .5 .5 .4 .4\n   \n"),
                ElementsAre("blank-row:4:0"));
    EXPECT_THAT(found("0 .5 .5 .4 .4\n\n1 .5 .5 .4 .4\n"), IsEmpty());
}

TEST_F(LabelCheckTest, EncodingEndsTheCheck) {
    EXPECT_THAT(found(std::string("9 9 9\0", 6)), ElementsAre("encoding:0:0"));
    EXPECT_TRUE(check("0 \xE9").drops_image);
    EXPECT_THAT(found("\xEF\xBB\xBF"
                      "0 .5 .5 .4 .4"),
                ElementsAre("bom:0:0"));
    EXPECT_THAT(found("\xEF\xBB\xBF"), ElementsAre("bom:0:0", "empty:0:0"));
}

TEST_F(LabelCheckTest, FieldsThatAreNoNumbers) {
    EXPECT_THAT(found("dog .5 .5 .4 .4"), ElementsAre("not-a-number:1:1"));
    EXPECT_THAT(found("0 0,5 0,5 .4 .4"), ElementsAre("not-a-number:1:2", "not-a-number:1:3"));
    EXPECT_THAT(found("0 .5 nan .4 -inf"), ElementsAre("not-finite:1:3", "not-finite:1:5"));
    // The other fields of a row of the right length are judged, its length is not where a word
    // stands in it.
    EXPECT_THAT(found("dog .5 .5 .4 1.4"), ElementsAre("not-a-number:1:1", "out-of-range:1:5"));
    EXPECT_THAT(found("0 .5 .5 x"), ElementsAre("not-a-number:1:4"));
    EXPECT_THAT(found("a b c d e f g h i j k l m n"), testing::SizeIs(8));
}

TEST_F(LabelCheckTest, ColumnCount) {
    for (const std::string_view row : {"0", "0 .5 .5 .4", "0 .5 .5 .4 .4 .9"})
        EXPECT_THAT(found(row), ElementsAre("column-count:1:0")) << row;
}

TEST_F(LabelCheckTest, Classes) {
    EXPECT_THAT(found("3 .5 .5 .4 .4"), ElementsAre("class-out-of-range:1:1"));
    EXPECT_THAT(found("-1 .5 .5 .4 .4"), ElementsAre("class-out-of-range:1:1"));
    EXPECT_THAT(found("3.5 .5 .5 .4 .4"), ElementsAre("class-not-integer:1:1"));
    EXPECT_THAT(found("-0 .5 .5 .4 .4"), IsEmpty());
    context.class_count.reset();
    EXPECT_THAT(found("100000 .5 .5 .4 .4"), IsEmpty());
    EXPECT_THAT(found("-1 .5 .5 .4 .4"), ElementsAre("class-out-of-range:1:1"));
    EXPECT_THAT(found("3e9 .5 .5 .4 .4"), ElementsAre("class-out-of-range:1:1"));
}

TEST_F(LabelCheckTest, RangesAndTheirLimits) {
    EXPECT_THAT(found("0 1.01 .5 .02 .4"), ElementsAre("slightly-out-of-range:1:2"));
    EXPECT_THAT(found("0 1.0100001 .5 .02 .4"), ElementsAre("out-of-range:1:2"));
    EXPECT_THAT(found("0 -0.01 .5 .02 .4"), ElementsAre("slightly-out-of-range:1:2"));
    EXPECT_THAT(found("0 -0.0100001 .5 .02 .4"), ElementsAre("out-of-range:1:2"));
    EXPECT_THAT(found("0 .5 .5 1.000001 .4"), IsEmpty());
    EXPECT_THAT(found("0 .5 .5 1.0000011 .4"), ElementsAre("slightly-out-of-range:1:4"));
    EXPECT_THAT(found("0 1.3 1.4 .1 .1"), ElementsAre("out-of-range:1:2", "out-of-range:1:3"));
}

TEST_F(LabelCheckTest, Sizes) {
    EXPECT_THAT(found("0 .5 .5 0 .4"), ElementsAre("not-positive-size:1:4"));
    EXPECT_THAT(found("0 .5 .5 0 0"), ElementsAre("not-positive-size:1:4"));
    EXPECT_EQ(verdict("0 .5 .5 .4 0"), Verdict::uses);
    EXPECT_EQ(verdict("0 .5 .5 .4 -0.01"), Verdict::uses);
    EXPECT_EQ(verdict("0 .5 .5 .4 -0.3"), Verdict::drops_image);
    // Rows without area are kept as they stand.
    EXPECT_THAT(check("0 .5 .5 0 .4").boxes, ElementsAre(Box{0, .5f, .5f, 0, .4f}));
}

TEST_F(LabelCheckTest, TinyAndWhole) {
    EXPECT_THAT(found("0 .5 .5 .003 .4"), ElementsAre("tiny-box:1:4"));  // 1.92 of 640 px
    EXPECT_THAT(found("0 .5 .5 .4 .0042"), IsEmpty());  // 2.02 px: height scales with width
    EXPECT_THAT(found("0 .5 .5 .4 .004"), ElementsAre("tiny-box:1:5"));  // 1.92 px
    EXPECT_THAT(found("0 .5 .5 .003 .001"),
                ElementsAre("tiny-box:1:5"));  // one finding, the smaller side
    context.imgsz = 1280;
    EXPECT_THAT(found("0 .5 .5 .003 .4"), IsEmpty());
    EXPECT_THAT(found("0 .5 .5 1 1"), ElementsAre("whole-image-box:1:0"));
    EXPECT_THAT(found("0 .5 .5 1 .995"), IsEmpty());
    EXPECT_THAT(found("0 .5 .5 1 .9951"), ElementsAre("whole-image-box:1:0"));
    context.width = context.height = 0;
    EXPECT_THAT(found("0 .5 .5 .0001 .4"), IsEmpty());
}

TEST_F(LabelCheckTest, BoxOutsideTheImage) {
    EXPECT_THAT(found("0 0.9 .5 .2031 .4"), IsEmpty());  // 0.99 px
    EXPECT_THAT(found("0 0.9 .5 .2032 .4"), ElementsAre("box-outside-image:1:2"));
    EXPECT_THAT(found("0 .5 .1 .2 .4"), ElementsAre("box-outside-image:1:3"));
    // A field that is out of range itself is the more exact fault of its axis.
    EXPECT_THAT(found("0 .5 .5 1.005 .4"), ElementsAre("slightly-out-of-range:1:4"));
    EXPECT_THAT(found("0 -.005 .1 .5 .4"),
                ElementsAre("box-outside-image:1:3", "slightly-out-of-range:1:2"));
}

TEST_F(LabelCheckTest, PixelCoordinates) {
    EXPECT_THAT(found("0 320 240 100 50"), ElementsAre("pixel-coordinates:1:2"));
    EXPECT_THAT(found("0 640 480 640 480"), ElementsAre("pixel-coordinates:1:2"));
    EXPECT_THAT(found("0 641 240 100 50"),
                testing::Each(testing::StartsWith("out-of-range")));         // over the width
    EXPECT_THAT(found("0 320 0.5 .1 .1"), ElementsAre("out-of-range:1:2"));  // one number only
    EXPECT_THAT(found("0 320 240 -100 50"),
                testing::Contains("out-of-range:1:2"));  // a negative one
    EXPECT_THAT(found("0 320 240 0 50"),
                ElementsAre("not-positive-size:1:4", "pixel-coordinates:1:2"));
    EXPECT_THAT(found("0 10 10 50 12 40 40 12 38"), ElementsAre("pixel-coordinates:1:2"));
}

TEST_F(LabelCheckTest, DuplicatesAreComparedAsFloats) {
    EXPECT_THAT(found("0 .5 .5 .4 .4\n1 .5 .5 .4 .4\n0 0.50 5e-1 .40 0.4000000001\n0 .5 .5 .4 .4"),
                ElementsAre("duplicate-row:3:0", "duplicate-row:4:0"));
    EXPECT_THAT(check("0 .5 .5 .4 .4\n0 .5 .5 .4 .4\n").boxes, testing::SizeIs(1));
    EXPECT_THAT(found("0 0 .5 .01 .4\n0 -0 .5 .01 .4"), testing::Contains("duplicate-row:2:0"));
    EXPECT_THAT(found("0 .5 .5 .4 .4\n0 .5 .5 .4 .400001"),
                ElementsAre("overlapping-duplicate:2:0"));
}

// The oracle compares every pair; there are enough rows for the ways of large files.
TEST_F(LabelCheckTest, CopiesAmongManyRowsAreFoundAsByComparingAll) {
    std::mt19937 random(3);
    std::uniform_real_distribution<float> unit(0, 1);
    std::vector<Box> boxes;
    std::string text;
    std::vector<std::string> wanted;
    const auto iou = [](const Box& a, const Box& b) {
        const float w =
            std::min(a.x + a.w / 2, b.x + b.w / 2) - std::max(a.x - a.w / 2, b.x - b.w / 2);
        const float h =
            std::min(a.y + a.h / 2, b.y + b.h / 2) - std::max(a.y - a.h / 2, b.y - b.h / 2);
        return w <= 0 || h <= 0 ? 0 : w * h / (a.w * a.h + b.w * b.h - w * h);
    };
    for (int i = 0; i < 1500; ++i) {
        Box box{static_cast<std::int32_t>(random() % 3), 0.3f + 0.4f * unit(random),
                0.3f + 0.4f * unit(random), 0.02f + 0.2f * unit(random),
                0.02f + 0.2f * unit(random)};
        const std::uint32_t kind = random() % 8;
        if (kind < 2 && i > 0) box = boxes[random() % boxes.size()];
        if (kind == 1) {  // IoU around the limit
            box.x += (unit(random) - 0.5f) * 0.06f * box.w;
            box.h *= 1 + (unit(random) - 0.5f) * 0.06f;
        }
        char line[100];
        std::snprintf(line, sizeof line, "%d %.9g %.9g %.9g %.9g\n", box.cls, box.x, box.y, box.w,
                      box.h);
        text += line;
        const auto same = std::find(boxes.begin(), boxes.end(), box);
        const std::string place = std::to_string(i + 1) + ":0";
        if (same != boxes.end()) {
            wanted.push_back("duplicate-row:" + place);
        } else if (std::any_of(boxes.begin(), boxes.end(), [&](const Box& other) {
                       return other.cls == box.cls && iou(other, box) >= 0.95f;
                   })) {
            wanted.push_back("overlapping-duplicate:" + place);
        }
        boxes.push_back(box);
    }
    std::sort(wanted.begin(), wanted.end());
    EXPECT_EQ(found(text), wanted);
    EXPECT_GT(wanted.size(), 200u);
}

TEST_F(LabelCheckTest, OverlapsNeedTheSameClassAndAnIoUOf95) {
    EXPECT_THAT(found("0 .5 .5 .4 .4\n1 .5 .5 .4 .401"), IsEmpty());
    EXPECT_THAT(found("0 .5 .5 .4 .4\n0 .509 .5 .4 .4"),
                ElementsAre("overlapping-duplicate:2:0"));            // IoU 0.956
    EXPECT_THAT(found("0 .5 .5 .4 .4\n0 .511 .5 .4 .4"), IsEmpty());  // IoU 0.946
}

TEST_F(LabelCheckTest, Polygons) {
    EXPECT_THAT(found("1 .2 .2 .8 .3 .4 .9"), IsEmpty());
    const LabelOutcome outcome = check("1 .2 .2 .8 .3 .4 .9");
    EXPECT_EQ(outcome.polygon_rows, 1u);
    ASSERT_THAT(outcome.boxes, testing::SizeIs(1));
    EXPECT_FLOAT_EQ(outcome.boxes[0].x, .5f);
    EXPECT_FLOAT_EQ(outcome.boxes[0].h, .7f);
    EXPECT_THAT(found("1 .2 .2 .8 .3 .4 .9 .1"), ElementsAre("odd-polygon:1:0"));
    EXPECT_THAT(found("1 .2 .2 1.2 .3 .4 .9"), ElementsAre("out-of-range:1:4"));
    EXPECT_EQ(verdict("0 .7 .2 1.3 .3 1.25 .9 .75 .8"), Verdict::uses);  // its box passes
    EXPECT_EQ(verdict("0 1.2 .2 1.6 .3 1.5 .9"), Verdict::drops_image);
    EXPECT_THAT(found("0 .5 .2 1.006 .3 .9 .8"), ElementsAre("polygon-outside-image:1:4"));
    EXPECT_THAT(found("0 .5 .2 1.001 .3 .9 .8"), IsEmpty());  // 0.64 px
    EXPECT_THAT(found("0 .2 .2 .4 .4 .6 .6"), ElementsAre("degenerate-polygon:1:0"));
    EXPECT_THAT(found("0 .2 .2 .8 .7 .2 .2 .8 .7"), ElementsAre("degenerate-polygon:1:0"));
    EXPECT_THAT(found("0 .2 .2 .2 .2 .2 .2"), ElementsAre("degenerate-polygon:1:0"));
    EXPECT_THAT(found("0 .2 .2 .8 .8 .8 .2 .2 .8"), IsEmpty());  // a bow tie has area
    EXPECT_THAT(found("0 .5 .5 .502 .5 .501 .7"), ElementsAre("tiny-box:1:0"));
    EXPECT_THAT(found("1 0 0 1 0 1 1 0 1"), ElementsAre("whole-image-box:1:0"));
    EXPECT_THAT(found("0 .2 .2 nan .3 .4 .9"), ElementsAre("not-finite:1:4"));
    // Another shape in the same box is another object.
    EXPECT_THAT(found("0 .2 .2 .8 .2 .8 .8 .2 .8\n0 .2 .2 .8 .2 .5 .8"), IsEmpty());
}

TEST_F(LabelCheckTest, MixedFormats) {
    EXPECT_THAT(found("0 .5 .5 .4 .4\n1 .2 .2 .8 .3 .4 .9"), ElementsAre("mixed-formats:2:0"));
    EXPECT_THAT(found("1 .2 .2 .8 .3 .4 .9\n0 .5 .5 .4 .4\n0 .5 .5 .2 .2"),
                ElementsAre("mixed-formats:2:0"));
    EXPECT_THAT(check("0 .5 .5 .4 .4\n1 .2 .2 .8 .3 .4 .9").boxes, IsEmpty());
}

class PoseCheckTest : public LabelCheckTest {
 protected:
    PoseCheckTest() {
        context.task = Task::pose;
        context.keypoints = {2, 3};
    }
};

TEST_F(PoseCheckTest, Rows) {
    EXPECT_THAT(found("0 .5 .5 .5 .6 .3 .3 2 0 0 0"), IsEmpty());
    EXPECT_THAT(found("0 .5 .5 .5 .6"), ElementsAre("column-count:1:0"));
    EXPECT_THAT(found("0 .5 .5 .5 .6 .3 .3 2 .4 .4"), ElementsAre("column-count:1:0"));
    EXPECT_THAT(found("0 .5 .5 .5 .6 .3 .3 3 0 0 0"), ElementsAre("keypoint-visibility:1:8"));
    EXPECT_THAT(found("0 .5 .5 .5 .6 .3 .3 .5 0 0 0"), ElementsAre("keypoint-visibility:1:8"));
    EXPECT_THAT(found("0 .5 .5 .5 .6 .3 .3 2 1.4 .3 2"), ElementsAre("out-of-range:1:9"));
    EXPECT_THAT(found("0 .5 .5 .5 .6 -1 -1 0 .3 .3 2"), ElementsAre("out-of-range:1:6"));
    EXPECT_THAT(found("0 .5 .5 .5 .6 1.006 .3 2 .3 .3 2"), ElementsAre("keypoint-visibility:1:6"));
    EXPECT_THAT(found("0 .5 .5 .5 .6 1.006 .3 0 .3 .3 2"), IsEmpty());
    EXPECT_EQ(verdict("0 .5 .5 1.2 .6 .3 .3 2 0 0 0"),
              Verdict::uses);  // Ultralytics tests the points only
    EXPECT_EQ(verdict("0 .5 .5 .5 .6 .3 .3 -1 0 0 0"), Verdict::drops_image);
    EXPECT_THAT(found("0 320 240 100 50 310 230 2 0 0 0"), ElementsAre("pixel-coordinates:1:2"));
    EXPECT_THAT(found("0 .5 .5 .5 .6 .3 .3 2 0 0 0\n0 .5 .5 .5 .6 .31 .3 2 0 0 0"),
                ElementsAre("overlapping-duplicate:2:0"));
}

TEST_F(PoseCheckTest, TwoNumbersAPoint) {
    context.keypoints = {2, 2};
    EXPECT_THAT(found("0 .5 .5 .5 .6 .3 .3 .4 .4"), IsEmpty());
    EXPECT_THAT(found("0 .5 .5 .5 .6 .3 .3 .4 1.009"), ElementsAre("keypoint-visibility:1:8"));
}

TEST_F(LabelCheckTest, ACheckerForgetsTheLastFile) {
    EXPECT_THAT(found("0 .5 .5 .4 .4\n1 .2 .2 .8 .3 .4 .9\n"), ElementsAre("mixed-formats:2:0"));
    EXPECT_THAT(found("0 .5 .5 .4 .4\n"), IsEmpty());
    EXPECT_THAT(found("0 .5 .5 .4 .4\n"), IsEmpty());
}

TEST_F(LabelCheckTest, LargeFilesOfEqualBoxesStayFast) {
    std::string text;
    for (int i = 0; i < 100'000; ++i)
        text += "0 0.5 0.5 0.4 0.4" + std::to_string(i % 1000 + 1000) + "\n";
    // CPU time, so that a busy machine does not count; comparing all pairs would take far longer.
    const std::clock_t start = std::clock();
    EXPECT_EQ(check(text).rows, 100'000u);
    EXPECT_LT(std::clock() - start, 5 * CLOCKS_PER_SEC);
}

}  // namespace
}  // namespace yolodata
