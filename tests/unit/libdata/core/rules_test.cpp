// SPDX-License-Identifier: Apache-2.0
#include "yolodata/core/rules.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "yolodata/core/error.hpp"

namespace yolodata {
namespace {

TEST(RulesTest, CatalogueIsSortedUniqueAndComplete) {
    const auto all = rule_catalogue();
    ASSERT_FALSE(all.empty());
    for (std::size_t i = 0; i < all.size(); ++i) {
        EXPECT_TRUE(i == 0 || all[i - 1].id < all[i].id) << all[i].id;
        EXPECT_FALSE(all[i].summary.empty() || all[i].harm.empty() || all[i].remedy.empty())
            << all[i].id;
        EXPECT_EQ(find_rule(all[i].id), &all[i]);
    }
    EXPECT_EQ(find_rule("label/no-such-rule"), nullptr);
}

TEST(RulesTest, FindingsStartWithTheRulesUsualValues) {
    const Finding finding = make_finding("label/duplicate-row", "labels/a.txt", "same");
    EXPECT_EQ(finding.severity, Severity::warning);
    EXPECT_EQ(finding.verdict, Verdict::drops_row);
    EXPECT_EQ(finding.fix, Fix::drop_duplicate);
    EXPECT_THROW(make_finding("label/nonsense", "", ""), Error);
}

TEST(RulesTest, Patterns) {
    EXPECT_TRUE(rule_matches("label/*", "label/empty"));
    EXPECT_TRUE(rule_matches("*", "image/empty"));
    EXPECT_TRUE(rule_matches("*/empty", "image/empty"));
    EXPECT_TRUE(rule_matches("*e*p*y", "image/empty"));
    EXPECT_TRUE(rule_matches("image/empt?", "image/empty"));
    EXPECT_TRUE(rule_matches("image/empty", "image/empty"));
    EXPECT_FALSE(rule_matches("image", "image/empty"));
    EXPECT_FALSE(rule_matches("label/*", "image/empty"));
    EXPECT_FALSE(rule_matches("", "image/empty"));
    EXPECT_FALSE(rule_matches("image/empty?", "image/empty"));
}

TEST(RulesTest, ReportOrder) {
    Finding a = make_finding("label/empty", "a", "m"), b = a;
    EXPECT_FALSE(report_order(a, b));
    b.line = 1;
    EXPECT_TRUE(report_order(a, b) && !report_order(b, a));
    b = a;
    b.path = "B";  // bytes, not letters
    EXPECT_TRUE(report_order(b, a));
    b = a;
    b.related = {"x"};
    EXPECT_NE(report_order(a, b), report_order(b, a));
}

}  // namespace
}  // namespace yolodata
