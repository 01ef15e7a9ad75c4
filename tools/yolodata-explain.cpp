// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <set>

#include "common/command_line.hpp"
#include "common/exit_codes.hpp"
#include "reports/output.hpp"
#include "reports/rule_words.hpp"

namespace {

constexpr const char* program = "yolodata explain";

std::vector<std::string> parse(int argc, char** argv) {
    std::vector<std::string> patterns;
    tools::CommandLine line(program,
                            "Explains rules of yolodata verify: what one means, why it "
                            "harms a training, how to fix it, what Ultralytics does.");
    line.positional("RULE", &patterns, "ids or globs: label/tiny-box, 'image/*'");
    line.epilog(
        "Exit code: 0 done, 2 no such rule or wrong command line.\n"
        "yolodata rules lists the ids.");
    line.parse(argc, argv);
    return patterns;
}

/// The rules named, each once, in the order of the command line.
std::vector<const yolodata::RuleInfo*> chosen(const std::vector<std::string>& patterns) {
    std::vector<const yolodata::RuleInfo*> rules;
    std::set<const yolodata::RuleInfo*> seen;
    for (const std::string& pattern : patterns)
        for (const yolodata::RuleInfo* rule : tools::rules_matching(pattern))
            if (seen.insert(rule).second) rules.push_back(rule);
    return rules;
}

std::string explained(const yolodata::RuleInfo& rule) {
    std::string text = fmt::format("{} ({})\n", rule.id, to_string(rule.severity));
    const auto line = [&text](std::string_view heading, std::string_view words) {
        text += fmt::format("  {:<13}{}\n", heading, words);
    };
    line("Holds when", rule.summary);
    line("Harm", rule.harm);
    line("Remedy", rule.remedy);
    if (rule.fix != yolodata::Fix::none)
        line("Repair", fmt::format("{} ({})", tools::fix_sentence(rule.fix), to_string(rule.fix)));
    line("Ultralytics",
         fmt::format("{} ({})", tools::verdict_sentence(rule.verdict), to_string(rule.verdict)));
    return text;
}

}  // namespace

int main(int argc, char** argv) {
    return tools::run_command(program, [&] {
        const auto rules = chosen(parse(argc, argv));
        tools::Output out("");
        for (const yolodata::RuleInfo* rule : rules)
            out.write((rule == rules.front() ? "" : "\n") + explained(*rule));
        out.finish();
        return tools::exit_done;
    });
}
