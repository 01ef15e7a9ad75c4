// SPDX-License-Identifier: Apache-2.0
#include "reports/rule_words.hpp"

#include <fmt/format.h>

#include "common/command_line.hpp"
#include "common/option_value.hpp"
#include "yolodata/core/utf8.hpp"

namespace tools {

using yolodata::Fix;
using yolodata::RuleInfo;
using yolodata::Verdict;

std::string_view verdict_sentence(Verdict verdict) {
    switch (verdict) {
        case Verdict::uses:
            return "trains on it as it is";
        case Verdict::drops_image:
            return "drops the picture and all its boxes";
        case Verdict::drops_row:
            return "drops the row";
        case Verdict::rewrites_file:
            return "overwrites the source file";
        case Verdict::aborts:
            return "stops with an error";
        case Verdict::never_sees:
            return "never looks at it";
    }
    return {};
}

std::string_view fix_sentence(Fix fix) {
    switch (fix) {
        case Fix::none:
            return {};
        case Fix::clip:
            return "clip the box to the picture";
        case Fix::drop_row:
            return "delete the row";
        case Fix::drop_duplicate:
            return "delete the second copy";
        case Fix::append_eoi:
            return "append the end marker";
        case Fix::cut_tail:
            return "cut the bytes behind the picture's end";
        case Fix::normalise_pixels:
            return "divide the coordinates by the picture's size";
        case Fix::rename:
            return "rename the file";
        case Fix::quarantine:
            return "move the file aside";
    }
    return {};
}

namespace {

/// The id that was probably meant; its group may have been left out.
std::string nearest_rule(const std::string& name) {
    std::vector<std::string> ids, short_names;
    for (const RuleInfo& rule : yolodata::rule_catalogue()) {
        ids.emplace_back(rule.id);
        short_names.emplace_back(rule.id.substr(rule.id.find('/') + 1));
    }
    if (const std::string id = nearest(name, ids); !id.empty()) return id;
    const std::string short_name = nearest(name, short_names);
    for (std::size_t i = 0; i < ids.size(); ++i)
        if (!short_name.empty() && short_names[i] == short_name) return ids[i];
    return {};
}

}  // namespace

std::vector<const RuleInfo*> rules_matching(const std::string& pattern) {
    std::vector<const RuleInfo*> found;
    for (const RuleInfo& rule : yolodata::rule_catalogue())
        if (yolodata::rule_matches(pattern, rule.id)) found.push_back(&rule);
    if (!found.empty()) return found;
    const std::string meant = nearest_rule(pattern);
    throw UsageError{fmt::format(
        "no rule matches {}; {}", yolodata::printable(pattern),
        meant.empty() ? "yolodata rules lists them" : fmt::format("did you mean {}?", meant))};
}

}  // namespace tools
