// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "common/help.hpp"
#include "common/option_value.hpp"

namespace tools {

namespace {

/// Text for troff: backslashes and leading dots or quotes would be requests, a plain '-' a hyphen.
std::string escape(const std::string& text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool line_start = i == 0 || text[i - 1] == '\n';
        if (line_start && (c == '.' || c == '\'')) out += "\\&";
        if (c == '\\') out += "\\e";
        else if (c == '-') out += "\\-";
        else out += c;
    }
    return out;
}

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return text;
}

std::string option_paragraph(const Option& option) {
    std::string out = ".TP\n";
    if (option.short_name != 0) out += fmt::format("\\fB\\-{}\\fR, ", option.short_name);
    out += "\\fB" + escape("--" + option.name) + "\\fR";
    if (!is_boolean(option)) {
        const std::string value =
            option.choices.empty() ? option.metavar : fmt::format("{}", fmt::join(option.choices, "|"));
        out += escape(option.value_optional ? "[=" + value + "]" : " " + value);
    }
    out += "\n" + escape(option.help);
    if (!option.default_text.empty()) out += escape(fmt::format(" (default: {})", option.default_text));
    return out + "\n";
}

}  // namespace

std::string format_man(const HelpText& text, const std::vector<Option>& options) {
    std::string name = text.program;
    std::replace(name.begin(), name.end(), ' ', '-');
    std::string out = fmt::format(".TH {} 1 \"\" \"yolodata {}\" \"User Commands\"\n.SH NAME\n{} \\- {}\n", upper(name),
                                  YOLO_VERSION, escape(name), escape(text.summary));
    out += fmt::format(".SH SYNOPSIS\n\\fB{}\\fR [OPTIONS]", escape(text.program));
    for (const auto& p : text.positionals) {
        out += p.required ? " " + escape(p.metavar) : " [" + escape(p.metavar) + "]";
        if (p.many) out += "...";
    }
    out += "\n";
    for (const auto& p : text.positionals) {
        out += ".TP\n\\fI" + escape(p.metavar) + "\\fR\n" + escape(p.help) + "\n";
    }
    out += ".SH OPTIONS\n";
    std::string group;
    for (const auto& option : options) {
        if (option.group != group) out += ".SS " + escape(option.group) + "\n";
        group = option.group;
        out += option_paragraph(option);
    }
    if (!text.epilog.empty()) out += ".SH NOTES\n.nf\n" + escape(text.epilog) + "\n.fi\n";
    out += ".SH EXIT STATUS\n"
           "0 done, nothing found; 1 findings; 2 wrong command line; 3 could not do the job (input, output, memory); "
           "130 and 143 stopped by SIGINT or SIGTERM after a clean stop.\n";
    return out;
}

}  // namespace tools
