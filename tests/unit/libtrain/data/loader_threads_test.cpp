// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <fstream>
#include <memory>
#include <string>

#include "drawn_set.hpp"
#include "yolodata/core/error.hpp"
#include "yolotrain/data/loader.hpp"

namespace yolotrain {
namespace {

/// While it lives, the system has room for so many threads: each asks for a stack that fills most of what is left of
/// the address space.
class RoomForThreads {
   public:
    explicit RoomForThreads(std::size_t threads) {
        std::size_t pages = 0;
        std::ifstream("/proc/self/statm") >> pages;
        pthread_getattr_default_np(&before_);
        pthread_attr_t large;
        pthread_attr_init(&large);
        pthread_attr_setstacksize(&large, kStack);
        pthread_setattr_default_np(&large);
        pthread_attr_destroy(&large);
        getrlimit(RLIMIT_AS, &limit_);
        rlimit tight = limit_;
        tight.rlim_cur = pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) + threads * kStack + kStack / 2;
        setrlimit(RLIMIT_AS, &tight);
    }
    ~RoomForThreads() {
        setrlimit(RLIMIT_AS, &limit_);
        pthread_setattr_default_np(&before_);
        pthread_attr_destroy(&before_);
    }

   private:
    static constexpr std::size_t kStack = std::size_t{4} << 30;
    pthread_attr_t before_{};
    rlimit limit_{};
};

struct Refused : testing::Test {
    Refused() {
        test::draw_set(scratch / "set", 10, 0, 32);
        options.imgsz = 32;
        options.batch = 4;
    }
    std::unique_ptr<TrainLoader> loader() const {
        return std::make_unique<TrainLoader>(
            std::make_shared<const yolodata::shard::ShardSet>(scratch / "set", "train"),
            std::make_shared<Quarantine>(), options);
    }
    test::ScratchFolder scratch;
    LoaderOptions options;
};

TEST_F(Refused, AWorkerIsAnErrorAndNoEndOfTheProgram) {
    options.workers = 3;
    const RoomForThreads room(1);
    try {
        loader();
        FAIL() << "three threads where there is room for one";
    } catch (const yolodata::Error& error) {
        EXPECT_EQ(error.kind(), yolodata::ErrorKind::resource);
        EXPECT_NE(std::string(error.what()).find("thread 2 of the 3"), std::string::npos) << error.what();
    }
}

TEST_F(Refused, TheThreadThatReadsAheadIsDoneWithout) {
    options.workers = 1;
    const RoomForThreads room(1);
    const auto made = loader();
    for (std::int64_t step = 0; step < made->steps(); ++step) EXPECT_GT(made->batch(0, step).images.numel(), 0);
}

}  // namespace
}  // namespace yolotrain
