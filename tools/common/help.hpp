// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "common/command_line.hpp"

namespace tools {

/// The parts of a command's help that are not its option table.
struct HelpText {
    struct Positional {
        std::string metavar, help;
        bool required, many;
    };
    std::string program, summary, epilog;
    std::vector<Positional> positionals;
};

/// Grouped help with defaults, at most 100 columns.
std::string format_help(const HelpText& text, const std::vector<Option>& options);

/// The man page (troff), from the same table.
std::string format_man(const HelpText& text, const std::vector<Option>& options);

/// Name, version, compiler, the libraries set by set_library_versions, CPU features; text or JSON.
std::string version_text(const std::string& program, bool json);

}  // namespace tools
