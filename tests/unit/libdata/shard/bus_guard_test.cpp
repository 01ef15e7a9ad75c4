// SPDX-License-Identifier: Apache-2.0
#include "shard/bus_guard.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <vector>

namespace yolodata::shard {
namespace {

constexpr std::size_t length = 64 << 10;

/// A file of `length` bytes that is mapped and then cut to `kept` bytes.
class CutMapping {
   public:
    explicit CutMapping(long kept) {
        char name[] = "/tmp/yolo-bus-XXXXXX";
        const int fd = ::mkstemp(name);
        ::unlink(name);
        const std::vector<char> bytes(length, 'x');
        EXPECT_EQ(::write(fd, bytes.data(), length), static_cast<ssize_t>(length));
        data = static_cast<char*>(::mmap(nullptr, length, PROT_READ, MAP_SHARED, fd, 0));
        EXPECT_EQ(::ftruncate(fd, kept), 0);
        ::close(fd);
    }
    ~CutMapping() { ::munmap(data, length); }
    char* data;
};

TEST(BusGuard, AMissingPageEndsTheCopyWithoutASignal) {
    install_bus_guard();
    const CutMapping cut(16 << 10);
    std::vector<char> out(length, '?');
    EXPECT_FALSE(guarded_copy(out.data(), cut.data, length));
    EXPECT_EQ(out[0], 'x');
    EXPECT_EQ(out[(16 << 10) - 1], 'x');
    // What is still there can still be read, and a copy that faults once says so once.
    EXPECT_TRUE(guarded_copy(out.data(), cut.data, 16 << 10));
    EXPECT_FALSE(guarded_copy(out.data(), CutMapping(0).data + 5, 100));
}

TEST(BusGuardDeathTest, AFaultElsewhereStillEndsTheProcess) {
    const auto die = [] {
        install_bus_guard();
        const CutMapping cut(0);
        std::vector<char> out(16);
        if (guarded_copy(out.data(), cut.data, 16)) _exit(1);  // a guarded fault before changes nothing
        const CutMapping other(0);
        volatile char c = other.data[0];
        _exit(c == 'x' ? 2 : 3);
    };
    EXPECT_EXIT(die(), ::testing::KilledBySignal(SIGBUS), "");
}

TEST(BusGuardDeathTest, ASentSignalEndsTheProcessToo) {
    EXPECT_EXIT((install_bus_guard(), ::kill(::getpid(), SIGBUS), ::sleep(5), _exit(0)), ::testing::KilledBySignal(SIGBUS), "");
}

TEST(BusGuardDeathTest, TheHandlerThatWasThereIsCalled) {
    // Runs in the child of a death test, whose process has installed nothing yet if this test runs alone;
    // "threadsafe" starts the program anew.
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto die = [] {
        struct sigaction own {};
        own.sa_sigaction = [](int, siginfo_t*, void*) { _exit(42); };
        own.sa_flags = SA_SIGINFO;
        ::sigaction(SIGBUS, &own, nullptr);
        install_bus_guard();
        const CutMapping cut(0);
        std::vector<char> out(16);
        if (guarded_copy(out.data(), cut.data, 16)) _exit(1);
        const CutMapping other(0);
        volatile char c = other.data[0];
        _exit(c == 'x' ? 2 : 3);
    };
    EXPECT_EXIT(die(), ::testing::ExitedWithCode(42), "");
}

}  // namespace
}  // namespace yolodata::shard
