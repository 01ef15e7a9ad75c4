// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "yolodata/core/error.hpp"
#include "yolodata/shard/set_index.hpp"

namespace yolodata::shard {

/// Another process is writing OUT: Error(forbidden_state).
class Occupied : public Error {
   public:
    using Error::Error;
};

/// Makes a shard set appear in its folder OUT complete or not at all, and keeps a second writer away.
///
/// New shards are made in OUT/.pack-tmp. publish() removes the old index.json first and writes the new one
/// last, so whatever interrupts it, OUT never holds an index.json whose shards are not there. Only files of
/// shard sets are ever touched; anything else in OUT stays. Not thread-safe.
class Staging {
   public:
    enum class Old { refuse, replace };  ///< what to do with a set that stands in OUT
    enum class Unfinished { remove, keep };  ///< what to do with what an interrupted run left in .pack-tmp, and with
                                             ///< what is there when this one ends without publish()

    /// Makes OUT if need be, takes its lock (OUT/.pack.lock). Throws Occupied; Error(forbidden_state) if OUT holds a set or
    /// shards of unknown origin and `old` is refuse; Error(io | resource).
    Staging(std::string out, Old old, Unfinished unfinished = Unfinished::remove);
    /// Without publish(): removes what was made (unless it is to be kept), OUT too if it was made here and is empty.
    ~Staging();
    Staging(const Staging&) = delete;
    Staging& operator=(const Staging&) = delete;

    const std::string& folder() const { return folder_; }  ///< where new shards belong
    void publish(const SetIndex& index);
    /// Bytes that are free for this user where OUT lies; 0 if the file system does not say.
    std::uint64_t free_bytes() const;

   private:
    void lock();
    void clear_staging() noexcept;

    std::string out_, folder_, lock_path_;
    int lock_fd_ = -1;
    bool made_out_ = false, published_ = false, keep_ = false;
    /// OUT holds, or may hold, shards of a publish() that was interrupted: the lock file stays as their sign.
    bool debris_ = false;
};

}  // namespace yolodata::shard
