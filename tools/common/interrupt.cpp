// SPDX-License-Identifier: Apache-2.0
#include "common/interrupt.hpp"

#include <csignal>

namespace tools {

namespace {

volatile std::sig_atomic_t pending = 0;

void mark(int signal) {
    pending = signal;
}

}  // namespace

void catch_interrupts() {
    struct sigaction action {};
    action.sa_handler = mark;
    // SA_RESETHAND: whoever presses Ctrl-C twice does not want to wait.
    action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
}

void stop_if_interrupted() {
    if (pending != 0) throw Interrupted{static_cast<int>(pending)};
}

}  // namespace tools
