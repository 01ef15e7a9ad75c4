// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/progress.hpp"

namespace tools::checksum {

inline constexpr std::string_view program = "yolodata checksum";

/// The command line of yolodata checksum.
struct Options {
    std::string path, manifest, format = "json", output, sign, verify_key, sample;
    bool check = false, fast = false, quiet = false;
    int jobs = usable_cpus();
    std::uint64_t seed = 0;  ///< of the sample; the day where none is given
    double share = 1;        ///< of the files that are hashed whatever size and time say
};

/// Throws UsageError, or Answered.
Options parse(int argc, char** argv);

}  // namespace tools::checksum
