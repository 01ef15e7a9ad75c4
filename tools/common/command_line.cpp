// SPDX-License-Identifier: Apache-2.0
#include "common/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <optional>

#include "common/help.hpp"
#include "common/option_value.hpp"

namespace tools {

namespace {

std::string with_dashes(std::string name) {
    std::replace(name.begin(), name.end(), '_', '-');
    return name;
}

/// "name" of `name=VALUE` if the token reads as one: a word, then '='. Paths hold '/' or '.' before it.
std::optional<std::string> assignment_name(const std::string& token) {
    const std::size_t equals = token.find('=');
    if (equals == std::string::npos || equals == 0) return std::nullopt;
    for (std::size_t i = 0; i < equals; ++i) {
        const char c = token[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool inner = letter || (c >= '0' && c <= '9') || c == '_' || c == '-';
        if (i == 0 ? !letter : !inner) return std::nullopt;
    }
    return token.substr(0, equals);
}

}  // namespace

CommandLine::CommandLine(std::string program, std::string summary)
    : program_(std::move(program)), summary_(std::move(summary)) {}

void CommandLine::group(std::string name) { group_ = std::move(name); }

Option& CommandLine::option(std::string name, Target target, std::string metavar, std::string help) {
    Option option;
    option.name = std::move(name);
    option.target = target;
    option.metavar = std::move(metavar);
    option.help = std::move(help);
    option.group = group_;
    option.default_text = value_text(target);
    options_.push_back(std::move(option));
    return options_.back();
}

Option& CommandLine::flag(std::string name, bool* target, std::string help) {
    return option(std::move(name), target, "", std::move(help));
}

void CommandLine::positional(std::string metavar, Target target, std::string help, bool required) {
    positionals_.push_back({std::move(metavar), target, std::move(help), required});
}

void CommandLine::ignore_keys(std::vector<std::string> names) {
    for (auto& name : names) ignorable_.push_back(with_dashes(std::move(name)));
}

void CommandLine::epilog(std::string text) { epilog_ = std::move(text); }

Option* CommandLine::find(const std::string& name) {
    const std::string dashed = with_dashes(name);
    for (auto& option : options_) {
        if (option.name == dashed) return &option;
    }
    return nullptr;
}

bool CommandLine::given(const std::string& name) const {
    return std::any_of(options_.begin(), options_.end(),
                       [&](const Option& option) { return option.name == name && option.given; });
}

std::string CommandLine::suggest(const std::string& name) const {
    std::vector<std::string> names;
    for (const auto& option : options_) names.push_back(option.name);
    const std::size_t word = std::min(name.find_first_not_of('-'), name.size());
    return nearest(with_dashes(name.substr(word)), names);
}

void CommandLine::refuse_unknown(const std::string& name) const {
    std::string message = fmt::format("unknown option '{}'", name);
    const std::string meant = suggest(name);
    if (!meant.empty()) message += fmt::format("; did you mean '--{}'?", meant);
    throw UsageError{message + fmt::format(" ('{} --help' lists them)", program_)};
}

/// Splits the user's tokens into options in one form, --name=VALUE, and the other words, so that CLI11 sees no
/// ambiguity: Ultralytics' name=VALUE, underscores, --no-name, and "--name VALUE" whose value begins with a dash.
std::vector<std::string> CommandLine::canonical(int argc, const char* const* argv, std::vector<std::string>& words) {
    std::vector<std::string> out;
    for (int i = 1; i < argc; ++i) {
        const std::string token = argv[i];
        if (token == "--") {
            words.insert(words.end(), argv + i + 1, argv + argc);
            break;
        }
        if (token.rfind("--", 0) != 0) {
            const auto name = assignment_name(token);
            if (name) {
                canonical_option(*name, token.substr(name->size() + 1), out);
            } else if (token.size() == 2 && token[0] == '-') {
                canonical_short(token[1], argc, argv, i, out);
            } else if (token.size() > 1 && token[0] == '-') {
                refuse_unknown(token);
            } else {
                words.push_back(token);
            }
            continue;
        }
        const std::size_t equals = token.find('=');
        const std::string name = token.substr(2, equals == std::string::npos ? equals : equals - 2);
        if (equals != std::string::npos) {
            canonical_option(name, token.substr(equals + 1), out);
        } else {
            canonical_bare(name, argc, argv, i, out);
            Option* option = find(name);
            if (option != nullptr && option->takes_spare_word) option->words_before = words.size();
        }
    }
    take_spare_word(out, words);
    return out;
}

void CommandLine::take_spare_word(std::vector<std::string>& options, std::vector<std::string>& words) const {
    if (words.size() != positionals_.size() + 1) return;
    for (const auto& option : options_) {
        const auto bare = std::find(options.begin(), options.end(), "--" + option.name + "=");
        if (!option.takes_spare_word || bare == options.end() || option.words_before >= words.size()) continue;
        const auto word = words.begin() + static_cast<std::ptrdiff_t>(option.words_before);
        *bare += *word;
        words.erase(word);
        return;
    }
}

void CommandLine::canonical_option(const std::string& name, const std::string& value,
                                   std::vector<std::string>& out) {
    const std::string dashed = with_dashes(name);
    if (find(dashed) != nullptr) {
        out.push_back("--" + dashed + "=" + value);
    } else if (std::find(ignorable_.begin(), ignorable_.end(), dashed) != ignorable_.end()) {
        ignored_.push_back(name);
    } else {
        refuse_unknown(name);
    }
}

void CommandLine::canonical_short(char letter, int argc, const char* const* argv, int& i,
                                  std::vector<std::string>& out) {
    for (const auto& option : options_) {
        if (option.short_name == letter) return canonical_bare(option.name, argc, argv, i, out);
    }
    if (letter == 'h') return canonical_bare("help", argc, argv, i, out);
    refuse_unknown(std::string("-") + letter);
}

void CommandLine::canonical_bare(const std::string& name, int argc, const char* const* argv, int& i,
                                 std::vector<std::string>& out) {
    const std::string dashed = with_dashes(name);
    // --man is for the build, which installs what it prints; people read it by man(1).
    if (dashed == "help" || dashed == "version" || dashed == "json" || dashed == "man") {
        out.push_back("--" + dashed);
        return;
    }
    const bool has_next = i + 1 < argc;
    if (Option* option = find(dashed)) {
        bool ignored_value = false;
        if (is_boolean(*option)) {
            // "--rect False": only a word that can be nothing else is taken as the flag's value.
            const bool word = has_next && parse_boolean(argv[i + 1], ignored_value);
            out.push_back("--" + dashed + "=" + (word ? argv[++i] : "True"));
        } else if (option->value_optional) {
            out.push_back("--" + dashed + "=");
        } else if (has_next) {
            out.push_back("--" + dashed + "=" + argv[++i]);
        } else {
            throw UsageError{fmt::format("--{} needs a value ({})", dashed, option->metavar)};
        }
        return;
    }
    if (dashed.rfind("no-", 0) == 0) {
        const Option* option = find(dashed.substr(3));
        if (option != nullptr && is_boolean(*option)) {
            out.push_back("--" + option->name + "=False");
            return;
        }
    }
    if (std::find(ignorable_.begin(), ignorable_.end(), dashed) != ignorable_.end()) {
        ignored_.push_back(name);
        const std::string next = has_next ? argv[i + 1] : "-";
        if (next[0] != '-' && !assignment_name(next)) ++i;  // its value goes with it
        return;
    }
    refuse_unknown("--" + name);
}

void CommandLine::parse(int argc, const char* const* argv) {
    std::vector<std::string> words;
    std::vector<std::string> tokens = canonical(argc, argv, words);
    const auto asks = [&](const char* flag) { return std::find(tokens.begin(), tokens.end(), flag) != tokens.end(); };
    if (asks("--help")) {
        std::cout << help();
        throw Answered{};
    }
    if (asks("--man")) {
        std::cout << format_man(help_text(), options_);
        throw Answered{};
    }
    if (asks("--version")) {
        std::cout << version_text(program_, asks("--json"));
        throw Answered{};
    }

    CLI::App app(summary_);
    app.set_help_flag();
    for (auto& option : options_) {
        app.add_option_function<std::vector<std::string>>(
               "--" + option.name,
               [&option](const std::vector<std::string>& values) {
                   if (auto* list = std::get_if<std::vector<std::string>*>(&option.target)) (*list)->clear();
                   option.given = true;
                   for (const auto& value : values) {
                       if (!value.empty() || !option.value_optional) assign(option, value);
                   }
               })
            ->expected(0, 1 << 20)
            ->allow_extra_args(false);
    }
    std::reverse(tokens.begin(), tokens.end());
    try {
        app.parse(tokens);
    } catch (const CLI::ParseError& e) {
        throw UsageError{e.what()};
    }
    take_positionals(words);
}

void CommandLine::take_positionals(const std::vector<std::string>& words) {
    std::size_t next = 0;
    for (const auto& positional : positionals_) {
        if (next == words.size()) {
            if (positional.required) {
                throw UsageError{fmt::format("{} is missing ('{} --help' shows how)", positional.metavar, program_)};
            }
            continue;
        }
        if (const auto* list = std::get_if<std::vector<std::string>*>(&positional.target)) {
            (*list)->assign(words.begin() + static_cast<std::ptrdiff_t>(next), words.end());
            next = words.size();
        } else {
            Option holder;
            holder.name = positional.metavar;
            holder.target = positional.target;
            assign(holder, words[next++]);
        }
    }
    if (next < words.size()) {
        throw UsageError{fmt::format("'{}' is one argument too many ('{} --help' shows how)", words[next], program_)};
    }
}

bool CommandLine::set_from_config(const std::string& key, const std::string& value) {
    Option* option = find(key);
    if (option == nullptr) {
        const std::string dashed = with_dashes(key);
        if (std::find(ignorable_.begin(), ignorable_.end(), dashed) == ignorable_.end()) return false;
        ignored_.push_back(key);
        return true;
    }
    if (!option->given) assign(*option, value);
    return true;
}

std::string CommandLine::help() const { return format_help(help_text(), options_); }

HelpText CommandLine::help_text() const {
    HelpText text{program_, summary_, epilog_, {}};
    for (const auto& p : positionals_) {
        text.positionals.push_back({p.metavar, p.help, p.required,
                                    std::holds_alternative<std::vector<std::string>*>(p.target)});
    }
    return text;
}

}  // namespace tools
