// SPDX-License-Identifier: Apache-2.0
#include "dispatch/dispatch.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "common/exit_codes.hpp"
#include "common/help.hpp"
#include "common/option_value.hpp"

namespace tools {

namespace {

/// Folder of the running executable; empty if the system does not tell.
std::string own_folder() {
    std::vector<char> path(4096);
    const ssize_t length = readlink("/proc/self/exe", path.data(), path.size());
    if (length <= 0 || length == static_cast<ssize_t>(path.size())) return "";
    const std::string exe(path.data(), static_cast<std::size_t>(length));
    return exe.substr(0, exe.rfind('/'));
}

std::string suite_help(const std::string& suite, const std::string& summary, std::span<const CommandEntry> commands) {
    std::string out = fmt::format("Usage: {} COMMAND [OPTIONS]\n{}\n\nCommands:\n", suite, summary);
    for (const auto& command : commands) out += fmt::format("  {:<12}{}\n", command.name, command.summary);
    return out + fmt::format("\n'{} COMMAND --help' tells more. --version [--json] names versions.\n", suite);
}

int complain(const std::string& suite, const std::string& message, int code) {
    fmt::print(stderr, "{}: {}\n", suite, message);
    return code;
}

int run(const std::string& suite, const std::string& name, int argc, char** argv) {
    const std::string program = own_folder() + "/" + suite + "-" + name;
    std::vector<char*> arguments{const_cast<char*>(program.c_str())};
    arguments.insert(arguments.end(), argv + 2, argv + argc);
    arguments.push_back(nullptr);
    execv(program.c_str(), arguments.data());
    return complain(suite,
                    fmt::format("cannot run {}: {}; the installation is not complete", program, std::strerror(errno)),
                    exit_failed);
}

int unknown(const std::string& suite, const std::string& name, std::span<const CommandEntry> commands) {
    std::vector<std::string> names;
    for (const auto& command : commands) names.emplace_back(command.name);
    const std::string meant = nearest(name, names);
    const std::string hint = meant.empty() ? fmt::format("'{} --help' lists the commands", suite)
                                           : fmt::format("did you mean '{} {}'?", suite, meant);
    return complain(suite, fmt::format("unknown command '{}'; {}", name, hint), exit_usage);
}

}  // namespace

int dispatch(const std::string& suite, const std::string& summary, std::span<const CommandEntry> commands, int argc,
             char** argv) {
    const std::string first = argc > 1 ? argv[1] : "";
    if (first.empty()) {
        fmt::print(stderr, "{}", suite_help(suite, summary, commands));
        return exit_usage;
    }
    if (first == "--help" || first == "-h" || first == "help") {
        // "help verify" is "verify --help"
        if (first == "help" && argc > 2) {
            char flag[] = "--help";
            char* arguments[] = {argv[0], argv[2], flag};
            return dispatch(suite, summary, commands, 3, arguments);
        }
        fmt::print("{}", suite_help(suite, summary, commands));
        return exit_done;
    }
    if (first == "--version") {
        fmt::print("{}", version_text(suite, argc > 2 && std::string(argv[2]) == "--json"));
        return exit_done;
    }
    const bool known = std::any_of(commands.begin(), commands.end(),
                                   [&](const CommandEntry& command) { return first == command.name; });
    return known ? run(suite, first, argc, argv) : unknown(suite, first, commands);
}

}  // namespace tools
