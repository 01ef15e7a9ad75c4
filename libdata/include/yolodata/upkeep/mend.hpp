// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "yolodata/shard/set_index.hpp"
#include "yolodata/upkeep/check.hpp"

namespace yolodata::shard {

/// A record that cannot be had any more.
struct LostRecord {
    std::uint64_t number = 0;  ///< within the split
    std::string source;        ///< empty: its labels are lost too
    std::string reason;
};

/// What one shard of a set needs.
struct ShardMend {
    enum class Action {
        keep,     ///< nothing
        rebuild,  ///< every record is whole; header, index or tail are made anew, byte for byte
        drop,     ///< records are lost; the others go into a new set
    };
    ShardEntry listed;
    Action action = Action::keep;
    std::string fault;             ///< what is wrong; empty for keep
    std::uint64_t whole = 0;       ///< records that can be had
    std::vector<LostRecord> lost;  ///< by number
};

struct MendPlan {
    std::string dir;
    SetIndex index;
    std::vector<ShardMend> shards;  ///< as index.json lists them
    bool stopped = false;           ///< by the progress callback; the rest then means nothing

    std::uint64_t count(ShardMend::Action action) const;
    std::uint64_t lost() const;
};

/// Looks at every record of a set: through its shard's index where that holds, else by walking the
/// file. Never writes; bounded memory, one record at a time. Throws Error(not_found | corrupt)
/// where index.json itself is lost: it holds the names of the classes, which nothing else tells.
MendPlan plan_mend(const std::string& dir, const CheckProgress& progress = {});

/// Makes the shards anew whose records are all whole, in their place: written beside, compared with
/// the SHA-256 that index.json gives, renamed. The file that stood there loses nothing, because the
/// new one is the one that was packed. Shards that have lost records are left as they are. Returns
/// the names of shards that could not be made again byte for byte (another version laid them out);
/// these are left as they are, too. What a killed run left is removed, but for a packing that
/// `pack --resume` can go on with. Throws Error(forbidden_state) while another process writes the
/// set; Error(io | resource).
std::vector<std::string> rebuild_shards(const MendPlan& plan);

/// Writes a new set of all whole records into `out`, which must hold none. Lost records are named
/// in left_out with the rule shard/record-corrupt; numbers close up. Splits without a loss come out
/// byte for byte. Throws Error(forbidden_state | io | resource); then `out` holds no set.
SetIndex write_mended(const MendPlan& plan, const std::string& out,
                      const CheckProgress& progress = {});

}  // namespace yolodata::shard
