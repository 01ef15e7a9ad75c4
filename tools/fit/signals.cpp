// SPDX-License-Identifier: Apache-2.0
#include "fit/signals.hpp"

#include <pthread.h>
#include <unistd.h>

#include <csignal>

namespace tools {

namespace {

sigset_t stop_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

}  // namespace

void block_stop_signals() {
    const sigset_t set = stop_signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

SignalThread::SignalThread(yolotrain::StopFlag& stop) : stop_(stop), thread_([this] { wait(); }) {}

SignalThread::~SignalThread() {
    ending_ = true;
    pthread_kill(thread_.native_handle(), SIGTERM);  // to this thread alone: wakes its sigwait
    thread_.join();
}

void SignalThread::wait() {
    const sigset_t set = stop_signals();
    for (;;) {
        int signal = 0;
        if (sigwait(&set, &signal) != 0) continue;
        if (ending_) return;
        if (stop_) _exit(128 + signal);
        stop_.request(signal);
    }
}

}  // namespace tools
