// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "yolotrain/run/clock.hpp"

namespace yolotrain {

/// One thing that went wrong in a run, or changed its course, and what was done about it.
struct Event {
    std::int64_t epoch = 0;  ///< from 1, as in results.csv
    std::int64_t step = 0;   ///< from 1 within the epoch, 0 = between epochs
    std::string kind = {};   ///< "bad-record", "non-finite", "checkpoint-failed", "signal", "val-data-changed" …
    std::string message = {}, action = {};
    std::string shard = {}, image = {};  ///< what it is about, empty = not that
    std::int64_t record = -1;   ///< negative = none
};

/// RUN/events.jsonl: one JSON object a line, appended and flushed at once. A line that a crash cut off is
/// closed before the next one. A log that cannot be written must not stop a training: append() returns
/// false then.
class EventLog {
   public:
    explicit EventLog(std::string path, Clock clock = {});
    bool append(const Event& event);

   private:
    std::string path_;
    Clock clock_;
};

}  // namespace yolotrain
