// SPDX-License-Identifier: Apache-2.0
// The corpus of damaged pictures that the rules were written against; not part of the repository.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "drawn.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/sha256.hpp"
#include "yolodata/image/check.hpp"
#include "yolodata/image/decode.hpp"

namespace yolodata {
namespace {

namespace fs = std::filesystem;
const std::string corpus = YOLO_SHARED "/corpus/";

nlohmann::json load(const std::string& name) {
    return nlohmann::json::parse(std::ifstream(corpus + name));
}

// "rule severity verdict", one a finding; info findings only need to be there.
using Findings = std::set<std::string>;

std::string line_of(const std::string& rule, const std::string& severity,
                    const std::string& verdict) {
    return rule + ' ' + severity + ' ' + verdict;
}

// Rules that a file's bytes do not decide, or not yet: names, pixels, statistics, other files.
bool is_ours(const std::string& rule) {
    static const std::set<std::string> others{
        "image/unreadable", "image/format-mismatch", "image/blank",           "image/dark",
        "image/bright",     "image/blurry",          "image/low-information", "image/odd-aspect"};
    return rule.starts_with("image/") && !others.contains(rule);
}

TEST(Corpus, EveryPictureGetsItsFindings) {
    if (!fs::exists(corpus)) GTEST_SKIP() << "no corpus at " << corpus;
    int pictures = 0, findings = 0;
    const nlohmann::json all = load("expected.json");
    for (const auto& [name, expected] : all["cases"].items()) {
        std::map<std::string, Findings> right, allowed;
        for (const auto& finding : expected["findings"]) {
            const std::string rule = finding["rule"];
            if (!is_ours(rule)) continue;
            std::string path = finding["path"];
            const std::string severity = finding["severity"], verdict = finding["ultralytics"];
            (finding.contains("optional") ? allowed : right)[path].insert(
                line_of(rule, severity, verdict));
            for (const auto& other : finding.value("any_of", std::vector<std::string>{}))
                allowed[path].insert(line_of(other, severity, verdict));
        }
        const fs::path root = corpus + "cases/" + name;
        for (const auto& entry : fs::recursive_directory_iterator(root)) {
            if (!entry.is_regular_file() || entry.path().extension() == ".txt") continue;
            if (entry.path().string().find("/images/") == std::string::npos) continue;
            const std::string path = fs::relative(entry.path(), root).string();
            const ImageReport report = check_image(test::read_file(entry.path().string()));
            const bool listed = report.format != Format::gif && report.format != Format::unknown;
            if (!right.contains(path) && !listed) continue;  // beside the pictures
            Findings found, infos;
            for (const ImageIssue& issue : report.issues) {
                std::string verdict(to_string(issue.verdict)), severity(to_string(issue.severity));
                (issue.severity == Severity::info ? infos : found)
                    .insert(line_of(std::string(rule_id(issue.rule)), severity, verdict));
            }
            for (const std::string& line : right[path]) {
                EXPECT_TRUE(found.contains(line) || infos.contains(line))
                    << name << '/' << path << " lacks " << line;
                found.erase(line);
                ++findings;
            }
            for (const std::string& line : found)
                EXPECT_TRUE(allowed[path].contains(line))
                    << name << '/' << path << " wrongly has " << line;
            ++pictures;
        }
    }
    EXPECT_GT(pictures, 400);
    EXPECT_GT(findings, 45);
}

// cv2_hash: the first 16 digits of the SHA-256 of the BGR bytes that OpenCV's imread gave.
TEST(Corpus, PixelsOfOpenCv) {
    if (!fs::exists(corpus)) GTEST_SKIP() << "no corpus at " << corpus;
    int compared = 0;
    const nlohmann::json all = load("ultralytics.json");
    for (const auto& [path, measured] : all.items()) {
        if (measured.value("cv2", "") != "ok" || !fs::is_regular_file(corpus + path)) continue;
        const test::Bytes bytes = test::read_file(corpus + path);
        const ImageReport report = check_image(bytes);
        if (!can_decode(report.format) || report.find(ImageRule::corrupt_data) != nullptr) continue;
        Picture picture;
        ASSERT_NO_THROW(picture = decode(bytes)) << path;
        for (std::size_t i = 0; i < picture.rgb.size(); i += 3)
            std::swap(picture.rgb[i], picture.rgb[i + 2]);
        EXPECT_EQ(to_hex(sha256(std::as_bytes(std::span(picture.rgb)))).substr(0, 16),
                  measured["cv2_hash"].get<std::string>())
            << path;
        ++compared;
    }
    EXPECT_GT(compared, 400);
}

}  // namespace
}  // namespace yolodata
