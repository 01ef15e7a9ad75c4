// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

namespace yolotrain {

/// A thread that asks for and fetches the records of the samples to come, in the order in which they will be read, and
/// gives back what no sample needs any more. What comes is known: it is a function of epoch and position.
class ReadAhead {
   public:
    struct Plan {
        std::uint64_t n = 0;       ///< positions an epoch
        std::uint64_t before = 0;  ///< positions before a sample's, cyclic, that it may read too; at most n
        std::uint64_t ahead = 0;   ///< positions asked for beyond the newest sample that was begun
        std::uint64_t near = 0;    ///< of them, those that are fetched; at most ahead
        std::int64_t epochs = -1;  ///< nothing is fetched past this epoch; negative = no end
        /// The following are called in the thread; what they throw is passed over.
        std::function<std::uint64_t(std::int64_t epoch, std::uint64_t position)> record_at;
        std::function<void(std::uint64_t record)> ask;    ///< starts reading: several at a time keep a disk busy
        std::function<void(std::uint64_t record)> fetch;  ///< waits until it is there
        std::function<void(std::uint64_t record)> drop;  ///< empty: nothing is given back
    };

    explicit ReadAhead(Plan plan);  ///< throws std::system_error where its thread is refused
    ~ReadAhead();  ///< after the record in work
    ReadAhead(const ReadAhead&) = delete;
    ReadAhead& operator=(const ReadAhead&) = delete;

    /// The sample at this position is begun. Positions come one after the other, or begin anew somewhere: then its
    /// partners are fetched first.
    void reached(std::int64_t epoch, std::uint64_t position);
    /// Waits until nothing is left to do; for tests.
    void settle();

   private:
    /// All that is read, on one line: of each epoch first what its first samples may read from its end.
    using Place = std::int64_t;
    std::uint64_t record_of(Place place) const;
    bool work_left() const;
    void run();

    const Plan plan_;
    const std::int64_t before_, epoch_length_, end_;
    std::mutex mutex_;  ///< guards what follows
    std::condition_variable wake_, settled_;
    Place newest_ = -1;               ///< that was reached
    Place ask_ = 0, ask_end_ = 0;     ///< the next, and where to stop
    Place fetch_ = 0, fetch_end_ = 0;
    Place drop_ = 0, drop_end_ = 0;
    bool busy_ = false, stop_ = false;
    std::thread thread_;
};

}  // namespace yolotrain
