// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <thread>

#include "yolotrain/run/stop_flag.hpp"

namespace tools {

/// Blocks SIGINT and SIGTERM in this thread and those that it starts. Call it first in main, before any
/// library has threads: a signal must find no thread but the one that waits for it.
void block_stop_signals();

/// One thread that waits for SIGINT and SIGTERM: the first one sets the flag, a second one ends the
/// process at once.
class SignalThread {
   public:
    explicit SignalThread(yolotrain::StopFlag& stop);
    ~SignalThread();
    SignalThread(const SignalThread&) = delete;
    SignalThread& operator=(const SignalThread&) = delete;

   private:
    void wait();
    yolotrain::StopFlag& stop_;
    std::atomic<bool> ending_{false};
    std::thread thread_;
};

}  // namespace tools
