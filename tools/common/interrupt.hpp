// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace tools {

/// Thrown by stop_if_interrupted(); carries the signal's number: the exit code is 128 + signal.
struct Interrupted {
    int signal;
};

/// From now on SIGINT and SIGTERM only set a mark, so that a command can stop where nothing is half
/// done. A second one of them kills as usual.
void catch_interrupts();
/// Throws Interrupted if a signal came. Cheap; call it between pieces of work.
void stop_if_interrupted();

}  // namespace tools
