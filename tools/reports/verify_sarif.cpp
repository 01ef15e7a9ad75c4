// SPDX-License-Identifier: Apache-2.0
// SARIF 2.1.0 (OASIS): what code scanning services and editors read.
#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <span>

#include "reports/finding_key.hpp"
#include "reports/rule_words.hpp"
#include "reports/verify_report.hpp"
#include "yolodata/core/sha256.hpp"
#include "yolodata/core/utf8.hpp"

namespace tools {

using Json = nlohmann::ordered_json;
using yolodata::Finding;
using yolodata::RuleInfo;
using yolodata::Severity;

namespace {

std::string_view level_of(Severity severity) {
    return severity == Severity::info ? "note" : to_string(severity);
}

Json text_json(std::string_view text) {
    return {{"text", yolodata::escape_invalid_utf8(text)}};
}

Json rule_json(const RuleInfo& rule) {
    Json json;
    json["id"] = rule.id;
    json["shortDescription"] = text_json(rule.summary);
    json["fullDescription"] = text_json(fmt::format("{} {}", rule.summary, rule.harm));
    json["help"] = text_json(fmt::format("{} {} Ultralytics usually {}.", rule.harm, rule.remedy,
                                         verdict_sentence(rule.verdict)));
    json["defaultConfiguration"]["level"] = level_of(rule.severity);
    json["properties"]["tags"] = {rule.id.substr(0, rule.id.find('/'))};
    return json;
}

/// The bytes of a path as a URI reference (RFC 3986): a name that is no UTF-8 survives.
std::string percent_encoded(std::string_view path) {
    constexpr std::string_view plain =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    std::string uri;
    for (const char c : path)
        uri += plain.find(c) != std::string_view::npos
                   ? std::string(1, c)
                   : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    return uri;
}

Json location_json(const std::string& path, std::uint32_t line) {
    Json artifact;
    if (path.starts_with('/')) {
        artifact["uri"] = "file://" + percent_encoded(path);
    } else {
        artifact["uri"] = percent_encoded(path);
        artifact["uriBaseId"] = "%SRCROOT%";
    }
    Json physical;
    physical["artifactLocation"] = std::move(artifact);
    if (line != 0) physical["region"]["startLine"] = line;
    return {{"physicalLocation", std::move(physical)}};
}

/// Results, numbered by rule and told apart where they are alike but for their numbers.
class Results {
 public:
    explicit Results(std::span<const RuleInfo> rules) : rules_(rules) {}

    Json json(const Finding& finding) {
        Json result;
        result["ruleId"] = finding.rule;
        if (const RuleInfo* rule = yolodata::find_rule(finding.rule))
            result["ruleIndex"] = rule - rules_.data();
        result["level"] = level_of(finding.severity);
        result["message"] = text_json(finding.message);
        result["locations"] = {location_json(finding.path, finding.line)};
        for (const std::string& path : finding.related)
            result["relatedLocations"].push_back(location_json(path, 0));
        result["partialFingerprints"]["yolodata/v1"] = fingerprint(finding);
        add_properties(finding, result["properties"]);
        return result;
    }

 private:
    std::string fingerprint(const Finding& finding) {
        const std::string key = finding_key(finding);
        hash_.update(key);
        const yolodata::Sha256Digest digest = hash_.finish();
        const std::string hex = yolodata::to_hex(std::span(digest).first(16));
        return fmt::format("{}:{}", hex, ++seen_[hex]);
    }

    static void add_properties(const Finding& finding, Json& json) {
        json["ultralytics"] = to_string(finding.verdict);
        json["fix"] = to_string(finding.fix);
        if (finding.column != 0) json["field"] = finding.column;
        if (!finding.image.empty()) json["image"] = yolodata::escape_invalid_utf8(finding.image);
        if (!finding.split.empty()) json["split"] = finding.split;
    }

    std::span<const RuleInfo> rules_;
    yolodata::Sha256 hash_;
    std::map<std::string, std::uint64_t> seen_;
};

Json driver_json() {
    Json driver;
    driver["name"] = "yolodata";
    driver["version"] = YOLO_VERSION;
    driver["semanticVersion"] = YOLO_VERSION;
    driver["rules"] = Json::array();
    for (const RuleInfo& rule : yolodata::rule_catalogue())
        driver["rules"].push_back(rule_json(rule));
    return driver;
}

}  // namespace

void write_sarif(const VerifyReport& report, Output& out) {
    out.write(fmt::format(
        "{{\"$schema\": \"https://json.schemastore.org/sarif-2.1.0.json\", \"version\": "
        "\"2.1.0\",\n"
        " \"runs\": [{{\"tool\": {{\"driver\": {}}},\n"
        "  \"originalUriBaseIds\": {{\"%SRCROOT%\": {{\"description\": {{\"text\": \"the dataset's "
        "root\"}}}}}},\n  \"results\": [",
        driver_json().dump()));
    Results results(yolodata::rule_catalogue());
    const char* separator = "\n   ";
    for (const Finding& finding : report.result.findings) {
        out.write(separator + results.json(finding).dump());
        separator = ",\n   ";
    }
    out.write("\n  ]}]}\n");
}

}  // namespace tools
