// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "common/command_line.hpp"
#include "reports/finding_key.hpp"
#include "reports/page/page.hpp"
#include "reports/plot.hpp"
#include "reports/policy.hpp"
#include "reports/stats_report.hpp"
#include "reports/thumbnail.hpp"
#include "yolodata/core/rules.hpp"
#include "yolodata/image/encode.hpp"

namespace tools {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

std::string key(const std::string& message) {
    return finding_key("label/x", "a.txt", message);
}

TEST(FindingKey, PassesOverNumbersOnly) {
    EXPECT_EQ(key("x = 1.37 is outside 0…1"), key("x = -25 is outside 0…1"));
    EXPECT_EQ(key("w = 1e-05: tiny"), key("w = 3: tiny"));
    EXPECT_EQ(key("row 12."), key("row 7."));
    EXPECT_NE(key("x = 1"), key("y = 1"));
    EXPECT_NE(key("x = 1"), finding_key("label/x", "b.txt", "x = 1"));
    EXPECT_NE(key("x = 1"), finding_key("label/y", "a.txt", "x = 1"));
    EXPECT_NE(key("12 x 30 px"), key("12 px"));
}

TEST(Base64, IsThatOfTheStandard) {
    const auto coded = [](std::string_view text) {
        return base64(std::as_bytes(std::span(text.data(), text.size())));
    };
    EXPECT_EQ(coded(""), "");
    EXPECT_EQ(coded("f"), "Zg==");
    EXPECT_EQ(coded("fo"), "Zm8=");
    EXPECT_EQ(coded("foobar"), "Zm9vYmFy");
    EXPECT_EQ(coded("\xFB\xFF"), "+/8=");
}

TEST(ThumbnailTest, ShrinksAndKeepsProportions) {
    const auto file = yolodata::encode_jpeg(yolodata::Picture(1000, 30));
    const Thumbnail small = make_thumbnail(file, 1'000'000);
    EXPECT_EQ(small.width, 1000);
    EXPECT_EQ(small.shown_width, 240);
    EXPECT_EQ(small.shown_height, 7);
    EXPECT_THAT(small.src, testing::StartsWith("data:image/jpeg;base64,/9j/"));
    const Thumbnail refused = make_thumbnail(file, 100);
    EXPECT_TRUE(refused.src.empty());
    EXPECT_THAT(refused.why, HasSubstr("over the limit"));
}

TEST(Page, NothingEndsTheScriptElementOrTheText) {
    EXPECT_EQ(script_json("</script><!--"), "\"\\u003c/script>\\u003c!--\"");
    EXPECT_EQ(html_text("<a b=\"c\" d='e'>&\n\xFF"),
              "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;\\n\\xff");
}

TEST(Plot, EscapesAndShortensNames) {
    const std::string plot = bar_plot("<t>", {{"<b>", 3}, {"äääääääääääääääääääää", 0}});
    EXPECT_THAT(plot, Not(HasSubstr("<b>")));
    EXPECT_THAT(plot, HasSubstr("aria-label=\"&lt;t&gt;\""));
    EXPECT_THAT(plot, HasSubstr(">ääääääääääääääää…<title>"));
}

TEST(BoxCountRanges, CoverAllInEqualSteps) {
    yolodata::SplitStats stats;
    EXPECT_TRUE(box_count_ranges(stats, 10).empty());
    stats.boxes_per_image = {{0, 5}, {3, 2}, {25, 1}};
    EXPECT_THAT(
        box_count_ranges(stats, 3),
        ElementsAre(Pair(Pair(0u, 8u), 7u), Pair(Pair(9u, 17u), 0u), Pair(Pair(18u, 26u), 1u)));
}

TEST(PolicyTest, TheLastSeverityThatMatchesHolds) {
    const Policy policy = parse_policy(
        "severity: {label/*: info, label/tiny-box: error, image/*: off}\nignore: [{path: a/*}]",
        "p.yaml");
    std::vector<yolodata::Finding> findings = {yolodata::make_finding("label/tiny-box", "b/1", ""),
                                               yolodata::make_finding("label/bom", "b/1", ""),
                                               yolodata::make_finding("image/empty", "b/1", ""),
                                               yolodata::make_finding("label/bom", "c/1", "")};
    findings[3].image = "a/x/1.jpg";
    EXPECT_EQ(policy.apply(findings), 2u);
    ASSERT_EQ(findings.size(), 2u);
    EXPECT_EQ(findings[0].severity, yolodata::Severity::error);
    EXPECT_EQ(findings[1].severity, yolodata::Severity::info);
    EXPECT_THROW(parse_policy("severity: {zebra/*: info}", "p.yaml"), UsageError);
}

}  // namespace
}  // namespace tools
