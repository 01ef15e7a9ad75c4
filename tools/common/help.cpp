// SPDX-License-Identifier: Apache-2.0
#include "common/help.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/option_value.hpp"

namespace tools {

namespace {

constexpr std::size_t width = 100;
constexpr std::size_t column = 30;  ///< where help texts begin

/// Columns of a UTF-8 text: its bytes without the continuation bytes.
std::size_t columns(const std::string& text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string wrap(const std::string& text, std::size_t indent) {
    std::string out, line;
    std::size_t begin = 0;
    const auto flush = [&] {
        if (!out.empty()) out += "\n" + std::string(indent, ' ');
        out += line;
        line.clear();
    };
    while (begin < text.size()) {
        const std::size_t end = std::min(text.find(' ', begin), text.size());
        const std::string word = text.substr(begin, end - begin);
        if (!line.empty() && indent + columns(line) + 1 + columns(word) > width) flush();
        if (!line.empty()) line += ' ';
        line += word;
        begin = end + 1;
    }
    flush();
    return out;
}

std::string entry(const std::string& left, const std::string& help) {
    std::string out = "  " + left;
    const std::size_t used = columns(out);
    out += used + 2 > column ? "\n" + std::string(column, ' ') : std::string(column - used, ' ');
    return out + wrap(help, column) + "\n";
}

std::string option_entry(const Option& option) {
    std::string left = option.short_name != 0 ? fmt::format("-{}, ", option.short_name) : "";
    left += "--" + option.name;
    std::string help = option.help;
    if (is_boolean(option)) {
        if (option.default_text == "on") help += fmt::format(" [on; --no-{} turns it off]", option.name);
    } else {
        const std::string value =
            option.choices.empty() ? option.metavar : fmt::format("{}", fmt::join(option.choices, "|"));
        left += option.value_optional ? "[=" + value + "]" : " " + value;
        if (!option.default_text.empty()) help += fmt::format(" [{}]", option.default_text);
    }
    return entry(left, help);
}

}  // namespace

std::string format_help(const HelpText& text, const std::vector<Option>& options) {
    std::string usage = "Usage: " + text.program;
    if (!options.empty()) usage += " [OPTIONS]";
    for (const auto& p : text.positionals) {
        const std::string name = p.metavar + (p.many ? "…" : "");
        usage += p.required ? " " + name : " [" + name + "]";
    }
    std::string out = usage + "\n" + wrap(text.summary, 0) + "\n";
    if (!text.positionals.empty()) out += "\n";
    for (const auto& p : text.positionals) out += entry(p.metavar, p.help);

    std::vector<std::string> groups;
    for (const auto& option : options) {
        if (std::find(groups.begin(), groups.end(), option.group) == groups.end()) groups.push_back(option.group);
    }
    for (const auto& group : groups) {
        out += "\n" + (group.empty() ? std::string("Options") : group) + ":\n";
        for (const auto& option : options) {
            if (option.group == group) out += option_entry(option);
        }
    }
    out += "\nEverywhere:\n" + entry("-h, --help", "this text") +
           entry("--version [--json]", "version of this program and of the libraries it runs on");
    if (!text.epilog.empty()) out += "\n" + text.epilog + "\n";
    return out;
}

}  // namespace tools
