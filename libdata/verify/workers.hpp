// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cstddef>

namespace yolodata {

/// An arena of exactly `jobs` threads, the caller's among them, also where that is more than there
/// are CPUs (tests of order; files on slow network disks).
class Workers {
 public:
    explicit Workers(int jobs)
        : allowed_(tbb::global_control::max_allowed_parallelism,
                   static_cast<std::size_t>(std::max(jobs, tbb::info::default_concurrency()))),
          arena_(jobs) {}

    template <class Body>
    auto run(Body&& body) {
        return arena_.execute(std::forward<Body>(body));
    }

 private:
    tbb::global_control allowed_;  // scoped: gone with this object
    tbb::task_arena arena_;
};

}  // namespace yolodata
