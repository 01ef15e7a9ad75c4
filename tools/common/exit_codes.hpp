// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace tools {

/// Exit codes are part of the interface (docs/man, tests/cli): never renumber.
enum ExitCode : int {
    exit_done = 0,         ///< done, nothing found
    exit_findings = 1,     ///< findings at or above --fail-on; a picture that could not be read
    exit_usage = 2,        ///< wrong command line, or what the state of OUT or RUN forbids
    exit_failed = 3,       ///< could not do the job: I/O, memory, missing or damaged input
    exit_gave_up = 4,      ///< fit: more than --max-restarts
    exit_bad_data = 5,     ///< fit: more than --max-bad of the data
    exit_interrupted = 130,  ///< stopped cleanly by SIGINT
    exit_terminated = 143,   ///< stopped cleanly by SIGTERM
};

}  // namespace tools
