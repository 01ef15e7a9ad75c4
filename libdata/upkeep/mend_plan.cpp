// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "upkeep/mend_source.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/sha256.hpp"
#include "yolodata/upkeep/mend.hpp"

namespace yolodata::shard {

std::uint64_t MendPlan::count(ShardMend::Action action) const {
    std::uint64_t n = 0;
    for (const ShardMend& shard : shards) n += shard.action == action;
    return n;
}

std::uint64_t MendPlan::lost() const {
    std::uint64_t n = 0;
    for (const ShardMend& shard : shards) n += shard.lost.size();
    return n;
}

namespace {

/// Whether the file is the one that was packed, to the last byte.
bool is_as_packed(const std::string& path, const ShardEntry& listed) {
    Sha256 hash;
    const auto read =
        Folder(".").stream(path, [&](std::span<const std::byte> piece) { hash.update(piece); });
    return read && !read.shrank && to_hex(hash.finish()) == listed.sha256;
}

}  // namespace

MendPlan plan_mend(const std::string& dir, const CheckProgress& progress) {
    MendPlan plan;
    plan.dir = dir;
    plan.index = read_set_index(dir);
    std::uint64_t total = 0, done = 0;
    for (const ShardEntry& shard : plan.index.shards) total += shard.records;
    const auto go_on = [&](std::uint64_t records) {
        done += records;
        if (progress && !progress(done, total)) plan.stopped = true;
        return !plan.stopped;
    };
    for (const ShardEntry& listed : plan.index.shards) {
        ShardMend mend;
        mend.listed = listed;
        if (is_as_packed(dir + "/" + listed.file, listed)) {
            mend.whole = listed.records;
            if (!go_on(listed.records)) break;
        } else {
            MendSource source(dir, listed);
            source.each([&](const CodedRecord&) { return ++mend.whole, go_on(1); },
                        [&](LostRecord record) {
                            return mend.lost.push_back(std::move(record)), go_on(1);
                        });
            if (plan.stopped) break;
            mend.action = mend.lost.empty() ? ShardMend::Action::rebuild : ShardMend::Action::drop;
            mend.fault = source.fault();
            if (mend.fault.empty())
                mend.fault = mend.lost.empty() ? "padding is damaged" : "records are damaged";
        }
        plan.shards.push_back(std::move(mend));
    }
    return plan;
}

}  // namespace yolodata::shard
