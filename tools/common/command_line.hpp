// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace tools {

/// A size that reads as 512MiB, 2GiB, 1.5G, 1000000 (bytes). With an "i" units are powers of 1024, without
/// one powers of 1000, the trailing B may be left out: 1G = 10^9, 1GiB = 2^30.
struct ByteSize {
    std::uint64_t bytes = 0;
};
ByteSize parse_byte_size(const std::string& text);  ///< throws yolodata::Error(invalid_argument)

/// Where an option's value goes; the current value of the variable is the default that --help shows.
using Target = std::variant<bool*, int*, std::int64_t*, std::uint64_t*, double*, std::string*,
                            std::vector<std::string>*, ByteSize*>;

/// One option of a command: help, man page, completion and config keys are all made from this table.
struct Option {
    std::string name;     ///< long name with dashes, without the leading ones: "max-memory"
    Target target;
    std::string metavar;  ///< N, FILE, SIZE, a|b|c …; empty for booleans
    std::string help;     ///< one sentence, with the unit
    std::string group;    ///< heading in --help
    std::vector<std::string> choices;  ///< allowed values, empty = any
    double min = -1e300, max = 1e300;  ///< range of numbers, inclusive; NaN and infinity never pass
    bool value_optional = false;  ///< the value may only be given as --name=VALUE (as --resume[=RUN])
    /// With value_optional: also takes the word behind it where there is one word more than positionals
    /// (as checksum PATH --check [FILE]).
    bool takes_spare_word = false;
    char short_name = 0;          ///< 'q' for -q; 0 = none
    /// Other spellings that mean one of the values: {"True", "auto"}.
    std::vector<std::pair<std::string, std::string>> aliases;
    std::string default_text;     ///< the target's value when the option was added, for --help
    bool given = false;           ///< set by parse
    std::size_t words_before = 0; ///< set by parse: how many words stood before it
};

struct HelpText;

/// One option table, parsed by CLI11. `--name VALUE`, `--name=VALUE` and `name=VALUE` mean the same, dashes
/// and underscores too; booleans take True/False/1/0 and --no-name. parse() opens no file.
class CommandLine {
   public:
    /// program: "yolodata verify"; summary: one sentence.
    CommandLine(std::string program, std::string summary);

    /// Starts a group of options in --help.
    void group(std::string name);
    /// Adds an option to the current group and returns it for refinement (choices, min, max …). The
    /// reference is valid until the next call.
    Option& option(std::string name, Target target, std::string metavar, std::string help);
    Option& flag(std::string name, bool* target, std::string help);
    /// Positional argument. A vector target takes one or more.
    void positional(std::string metavar, Target target, std::string help, bool required = true);
    /// Keys that are accepted and have no meaning here; parse() collects those given in ignored().
    void ignore_keys(std::vector<std::string> names);
    /// A paragraph at the end of --help (examples, exit codes).
    void epilog(std::string text);

    /// Sets the targets. Throws UsageError, or Answered after --help, --version was printed to stdout.
    void parse(int argc, const char* const* argv);

    /// Sets one option from a config file's key and text; false if there is no such option. Options given
    /// on the command line are kept. Throws UsageError if the value does not fit.
    bool set_from_config(const std::string& key, const std::string& value);

    bool given(const std::string& name) const;
    const std::vector<std::string>& ignored() const { return ignored_; }
    const std::vector<Option>& options() const { return options_; }
    std::string help() const;
    const std::string& program() const { return program_; }
    /// The nearest known option name, or empty.
    std::string suggest(const std::string& name) const;

   private:
    struct Positional {
        std::string metavar;
        Target target;
        std::string help;
        bool required;
    };
    Option* find(const std::string& name);
    HelpText help_text() const;
    [[noreturn]] void refuse_unknown(const std::string& name) const;
    std::vector<std::string> canonical(int argc, const char* const* argv, std::vector<std::string>& words);
    void canonical_option(const std::string& name, const std::string& value, std::vector<std::string>& out);
    void canonical_bare(const std::string& name, int argc, const char* const* argv, int& i,
                        std::vector<std::string>& out);
    void canonical_short(char letter, int argc, const char* const* argv, int& i, std::vector<std::string>& out);
    void take_spare_word(std::vector<std::string>& options, std::vector<std::string>& words) const;
    void take_positionals(const std::vector<std::string>& words);
    std::string program_, summary_, epilog_, group_;
    std::vector<Option> options_;
    std::vector<Positional> positionals_;
    std::vector<std::string> ignorable_, ignored_;
};

/// A wrong command line: message for stderr, exit code 2.
struct UsageError {
    std::string message;
};
/// --help or --version was answered: exit code 0.
struct Answered {};

/// Runs a command's body: sets up signals and streams, turns UsageError and yolodata::Error into a message
/// on stderr ("yolodata verify: …") and an exit code, ends quietly on a closed pipe.
int run_command(const std::string& program, const std::function<int()>& body);

/// Libraries for --version, added by each executable's main for what it links itself.
struct LibraryVersion {
    std::string name, version;
};
void set_library_versions(std::vector<LibraryVersion> versions);

}  // namespace tools
