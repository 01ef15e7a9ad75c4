// SPDX-License-Identifier: Apache-2.0
#include "reports/policy.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "common/command_line.hpp"
#include "common/option_value.hpp"
#include "reports/rule_words.hpp"
#include "yolodata/core/utf8.hpp"

namespace tools {

using yolodata::Finding;
using yolodata::Severity;

namespace {

class Parser {
 public:
    explicit Parser(const std::string& file) : file_(file) {}

    Policy read(const YAML::Node& root) {
        Policy policy;
        if (root.IsNull()) return policy;  // an empty file decides nothing
        if (!root.IsMap()) refuse(root, "must be a mapping with severity: and ignore:");
        for (const auto& entry : root) {
            const std::string key = known_key(entry.first, {"severity", "ignore"});
            key == "severity" ? read_severity(entry.second, policy)
                              : read_ignore(entry.second, policy);
        }
        return policy;
    }

    [[noreturn]] void refuse(const YAML::Mark& mark, const std::string& what) const {
        // yaml-cpp counts from 0; -1 is "no place".
        const std::string place =
            mark.line >= 0 ? fmt::format(":{}:{}", mark.line + 1, mark.column + 1) : "";
        throw UsageError{fmt::format("{}{}: {}", yolodata::printable(file_), place, what)};
    }

 private:
    [[noreturn]] void refuse(const YAML::Node& node, const std::string& what) const {
        refuse(node.Mark(), what);
    }

    std::string scalar(const YAML::Node& node, const std::string& what) const {
        if (!node.IsScalar()) refuse(node, what + " must be a text");
        return node.Scalar();
    }

    std::string known_key(const YAML::Node& node, const std::vector<std::string>& keys) const {
        return one_of(node, "key", keys);
    }

    std::string one_of(const YAML::Node& node, const std::string& noun,
                       const std::vector<std::string>& words) const {
        const std::string word = scalar(node, noun);
        if (std::find(words.begin(), words.end(), word) != words.end()) return word;
        const std::string meant = nearest(word, words);
        const std::string hint = meant.empty() ? fmt::format("known are {}", fmt::join(words, ", "))
                                               : fmt::format("did you mean {}?", meant);
        refuse(node, fmt::format("unknown {} {}; {}", noun, yolodata::printable(word), hint));
    }

    std::string rule(const YAML::Node& node) const {
        const std::string pattern = scalar(node, "a rule");
        try {
            rules_matching(pattern);
        } catch (const UsageError& error) {
            refuse(node, error.message);
        }
        return pattern;
    }

    void read_severity(const YAML::Node& node, Policy& policy) const {
        if (node.IsNull()) return;
        if (!node.IsMap()) refuse(node, "severity: must be a mapping from rules to severities");
        for (const auto& entry : node) {
            const std::string word =
                one_of(entry.second, "severity", {"error", "warning", "info", "off"});
            Policy::SeverityChange change{rule(entry.first), std::nullopt};
            for (const Severity severity : {Severity::error, Severity::warning, Severity::info})
                if (word == to_string(severity)) change.severity = severity;
            policy.severity.push_back(std::move(change));
        }
    }

    void read_ignore(const YAML::Node& node, Policy& policy) const {
        if (node.IsNull()) return;
        if (!node.IsSequence()) refuse(node, "ignore: must be a list of rule: and path:");
        for (const auto& item : node) {
            if (!item.IsMap() || item.size() == 0)
                refuse(item, "an entry of ignore: must have rule:, path: or both");
            Policy::Exception exception;
            for (const auto& entry : item) {
                if (known_key(entry.first, {"rule", "path"}) == "rule") {
                    exception.rule = rule(entry.second);
                } else {
                    exception.path = scalar(entry.second, "path:");
                }
            }
            policy.ignore.push_back(std::move(exception));
        }
    }

    const std::string& file_;
};

bool excepts(const Policy::Exception& exception, const Finding& finding) {
    using yolodata::rule_matches;  // the pattern of rules serves for paths too
    return rule_matches(exception.rule, finding.rule) &&
           (rule_matches(exception.path, finding.path) ||
            (!finding.image.empty() && rule_matches(exception.path, finding.image)));
}

}  // namespace

Policy parse_policy(const std::string& text, const std::string& file) {
    Parser parser(file);
    try {
        return parser.read(YAML::Load(text));
    } catch (const YAML::Exception& error) {
        parser.refuse(error.mark, "does not parse: " + yolodata::printable(error.msg));
    }
}

std::uint64_t Policy::apply(std::vector<Finding>& findings) const {
    return std::erase_if(findings, [this](Finding& finding) {
        for (const Exception& exception : ignore)
            if (excepts(exception, finding)) return true;
        const auto change = std::find_if(
            severity.rbegin(), severity.rend(),
            [&](const auto& entry) { return yolodata::rule_matches(entry.rule, finding.rule); });
        if (change == severity.rend()) return false;
        if (change->severity) finding.severity = *change->severity;
        return !change->severity;
    });
}

}  // namespace tools
