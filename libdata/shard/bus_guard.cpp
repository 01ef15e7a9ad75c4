// SPDX-License-Identifier: Apache-2.0
#include "shard/bus_guard.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <mutex>

namespace yolodata::shard {

namespace {

/// The range that this thread is copying from. Plain words: the handler runs on the same thread.
struct ActiveRange {
    volatile std::uintptr_t begin, end;
    volatile sig_atomic_t faulted;
};
// initial-exec: a lazily allocated thread-local would call malloc inside the handler.
thread_local constinit ActiveRange active __attribute__((tls_model("initial-exec"))) = {0, 0, 0};

// Signal dispositions belong to the process, so what was there before has to be kept per process too.
struct sigaction previous;
std::uintptr_t page_size = 4096;

void pass_on(int signal_number, siginfo_t* info, void* context) {
    if ((previous.sa_flags & SA_SIGINFO) != 0 && previous.sa_sigaction != nullptr) {
        previous.sa_sigaction(signal_number, info, context);
        return;
    }
    if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
        previous.sa_handler(signal_number);
        return;
    }
    // Back to the default: a real fault repeats when this handler returns and then ends the process; one
    // that was sent (kill -BUS) is sent again. A fault cannot be ignored, a sent signal can.
    if (info->si_code > 0 || previous.sa_handler == SIG_DFL) {
        struct sigaction fallback {};
        fallback.sa_handler = SIG_DFL;
        sigemptyset(&fallback.sa_mask);
        ::sigaction(signal_number, &fallback, nullptr);
        if (info->si_code <= 0) ::raise(signal_number);
    }
}

void on_bus_error(int signal_number, siginfo_t* info, void* context) {
    const int saved_errno = errno;
    const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
    const std::uintptr_t end = active.end;
    if (info->si_code > 0 && active.begin <= address && address < end) {
        const std::uintptr_t first = address / page_size * page_size;
        const std::uintptr_t last = (end + page_size - 1) / page_size * page_size;
        void* zeros = ::mmap(reinterpret_cast<void*>(first), last - first, PROT_READ,
                             MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (zeros != MAP_FAILED) {
            active.faulted = 1;
            errno = saved_errno;
            return;
        }
    }
    errno = saved_errno;
    pass_on(signal_number, info, context);
}

}  // namespace

void install_bus_guard() {
    static std::once_flag once;
    std::call_once(once, [] {
        page_size = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
        struct sigaction action {};
        action.sa_sigaction = on_bus_error;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
        sigemptyset(&action.sa_mask);
        // `previous` must be valid before the first fault can arrive.
        ::sigaction(SIGBUS, nullptr, &previous);
        ::sigaction(SIGBUS, &action, nullptr);
    });
}

namespace {

/// Runs `read` while faults in [from, from + n) are caught.
template <class Read>
bool guarded(const void* from, std::size_t n, Read read) {
    active.faulted = 0;
    active.begin = reinterpret_cast<std::uintptr_t>(from);
    active.end = reinterpret_cast<std::uintptr_t>(from) + n;
    // The compiler must not move the reads out of the marked stretch.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    read();
    std::atomic_signal_fence(std::memory_order_seq_cst);
    active.begin = 0;
    active.end = 0;
    return active.faulted == 0;
}

}  // namespace

bool guarded_copy(void* to, const void* from, std::size_t n) {
    return guarded(from, n, [=] { std::memcpy(to, from, n); });
}

bool guarded_touch(const void* from, std::size_t n) {
    return guarded(from, n, [=] {
        const auto* bytes = static_cast<const volatile unsigned char*>(from);
        for (std::size_t at = 0; at < n; at += page_size) static_cast<void>(bytes[at]);
    });
}

}  // namespace yolodata::shard
