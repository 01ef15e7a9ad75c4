// SPDX-License-Identifier: Apache-2.0
#include "yolodata/upkeep/mend.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "shard/coded_record.hpp"
#include "shard/shard_writer.hpp"
#include "upkeep/mend_source.hpp"
#include "upkeep/set_files.hpp"
#include "yolodata/core/atomic_file.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/shard/staging.hpp"
#include "yolodata/shard/writer.hpp"

namespace yolodata::shard {

namespace {

/// Number of each shard within its split, as the schema in its header has it.
std::map<std::string, std::uint64_t> numbers_in_splits(const SetIndex& index) {
    std::map<std::string, std::uint64_t> next, numbers;
    for (const ShardEntry& shard : index.shards) numbers[shard.file] = next[shard.split]++;
    return numbers;
}

/// The header that the shard had. Where it is lost, the records give the minor version.
format::FileHeader header_of(const MendSource& source, const SetIndex& index,
                             const ShardEntry& listed, std::uint64_t number) {
    format::FileHeader header;
    if (source.header() && source.header()->first_record == listed.first_record) {
        header = *source.header();
        header.footer = {};
    } else {
        header.first_record = listed.first_record;
        header.schema = schema_text(index, listed.split, number);
    }
    return header;
}

bool rebuild(const MendPlan& plan, const ShardEntry& listed, std::uint64_t number,
             const std::string& temporary) {
    MendSource source(plan.dir, listed);
    ShardWriter writer(temporary, header_of(source, plan.index, listed, number));
    bool all = true;
    source.each([&](const CodedRecord& r) { return writer.add(r), true; },
                [&](const LostRecord&) { return all = false; });
    return all && writer.finish().sha256 == listed.sha256;
}

LeftOut left_out(const ShardEntry& from, const LostRecord& record) {
    LeftOut image;
    image.path =
        record.source.empty() ? fmt::format("{}#{}", from.file, record.number) : record.source;
    image.reasons.push_back(
        {"shard/record-corrupt", 0, 0,
         fmt::format("{}: record {}: {}", from.file, record.number, record.reason)});
    return image;
}

}  // namespace

std::vector<std::string> rebuild_shards(const MendPlan& plan) {
    std::vector<std::string> refused;
    // A run that was killed left its lock and folder, which Staging clears; but not a packing that
    // can be gone on with, which may be the work of days.
    const SetFiles files = list_set_files(plan.dir);
    if (plan.count(ShardMend::Action::rebuild) == 0 && files.unfinished.empty()) return refused;
    const Staging staging(
        plan.dir, Staging::Old::replace,
        files.resumable ? Staging::Unfinished::keep : Staging::Unfinished::remove);
    const auto numbers = numbers_in_splits(plan.index);
    for (const ShardMend& mend : plan.shards) {
        if (mend.action != ShardMend::Action::rebuild) continue;
        const std::string& name = mend.listed.file;
        // No name that a packing gives.
        const std::string temporary = staging.folder() + "/.mended-" + name;
        const std::string place = plan.dir + "/" + name;
        if (!rebuild(plan, mend.listed, numbers.at(name), temporary)) {
            ::unlink(temporary.c_str());
            refused.push_back(name);
            continue;
        }
        if (std::rename(temporary.c_str(), place.c_str()) != 0)
            throw_errno("replace", place, errno);
        sync_folder(plan.dir);
    }
    return refused;
}

SetIndex write_mended(const MendPlan& plan, const std::string& out, const CheckProgress& progress) {
    Staging staging(out, Staging::Old::refuse);
    SetIndex frame = plan.index;
    frame.splits.clear(), frame.shards.clear();
    SetWriter writer(staging.folder(), frame);
    std::uint64_t total = 0, done = 0;
    for (const ShardEntry& shard : plan.index.shards) total += shard.records;
    const auto count = [&] {
        if (progress && !progress(++done, total))
            throw Error(ErrorKind::forbidden_state,
                        out + ": stopped before the set was complete; nothing was written");
        return true;
    };
    for (const SplitEntry& split : plan.index.splits) {
        writer.begin_split(split.name, split.variants);
        for (const ShardEntry& listed : plan.index.shards) {
            if (listed.split != split.name) continue;
            MendSource source(plan.dir, listed);
            source.each(
                [&](const CodedRecord& r) { return writer.add(r), count(); },
                [&](const LostRecord& r) { return writer.leave_out(left_out(listed, r)), count(); });
        }
    }
    SetIndex index = writer.finish(plan.index.source_digest);
    staging.publish(index);
    return index;
}

}  // namespace yolodata::shard
