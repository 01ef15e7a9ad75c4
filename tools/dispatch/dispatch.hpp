// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

namespace tools {

/// One command of a suite: `yolodata NAME` runs the executable yolodata-NAME.
struct CommandEntry {
    const char* name;
    const char* summary;
};

/// A suite's main: runs the command's executable that stands beside this one, in place of this process.
/// Returns only for --help, --version and errors.
int dispatch(const std::string& suite, const std::string& summary, std::span<const CommandEntry> commands, int argc,
             char** argv);

}  // namespace tools
