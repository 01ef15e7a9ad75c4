// SPDX-License-Identifier: Apache-2.0
#include "yolodata/upkeep/mend.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "shard/shard_writer.hpp"
#include "upkeep/mend_source.hpp"
#include "upkeep/set_files.hpp"
#include "upkeep/shard_copy.hpp"
#include "yolodata/core/atomic_file.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/sha256.hpp"
#include "yolodata/shard/staging.hpp"

namespace yolodata::shard {

namespace {

std::string file_sha256(const std::string& path) {
    Sha256 hash;
    const auto read =
        Folder(".").stream(path, [&](std::span<const std::byte> piece) { hash.update(piece); });
    if (!read) throw Error(ErrorKind::io, path + " " + read.reason());
    return to_hex(hash.finish());
}

/// Number of each shard within its split, as the schema in its header has it.
std::map<std::string, std::uint64_t> numbers_in_splits(const SetIndex& index) {
    std::map<std::string, std::uint64_t> next, numbers;
    for (const ShardEntry& shard : index.shards) numbers[shard.file] = next[shard.split]++;
    return numbers;
}

/// The header that the shard had. Where it is lost, the records give the minor version (ShardCopy).
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
    ShardCopy copy(temporary, header_of(source, plan.index, listed, number));
    bool all = true;
    source.each([&](const MendSource::Record& r) { return copy.add(r), true; },
                [&](const LostRecord&) { return all = false; });
    if (!all) return false;
    copy.finish();
    return file_sha256(temporary) == listed.sha256;
}

/// Writes the records of a split one after the other, closing shards as pack does.
class SetCopy {
 public:
    SetCopy(std::string folder, const SetIndex& old) : folder_(std::move(folder)), index_(old) {
        index_.shards.clear();
        for (SplitEntry& split : index_.splits) split = {split.name, 0, 0, 0, split.left_out};
    }

    /// `like`: the header of the record's old shard; the new one is of a version at least as high
    /// where this build does not know that version.
    void add(const std::string& split_name, const MendSource::Record& record,
             const std::optional<format::FileHeader>& like) {
        SplitEntry& split = split_of(split_name);
        if (split_ != split_name) close();
        split_ = split_name;
        if (shard_ && shard_->bytes_with(record.payload.size(), record.label.size()) >
                          index_.options.shard_bytes)
            close();
        if (!shard_) open(split, like);
        shard_->add(record);
        ++split.records;
        split.rows += record.head.rows;
        if (record.head.rows == 0) ++split.backgrounds;
    }

    void leave_out(const ShardEntry& from, const LostRecord& record) {
        LeftOut image;
        image.path =
            record.source.empty() ? fmt::format("{}#{}", from.file, record.number) : record.source;
        image.split = from.split;
        image.reasons.push_back(
            {"shard/record-corrupt", 0, 0,
             fmt::format("{}: record {}: {}", from.file, record.number, record.reason)});
        index_.left_out.push_back(std::move(image));
        ++split_of(from.split).left_out;
    }

    SetIndex finish() {
        close();
        index_.digest = set_digest(index_.shards);
        return index_;
    }

 private:
    SplitEntry& split_of(const std::string& name) {
        return *std::find_if(index_.splits.begin(), index_.splits.end(),
                             [&](const SplitEntry& s) { return s.name == name; });
    }

    void open(const SplitEntry& split, const std::optional<format::FileHeader>& like) {
        const std::uint64_t number = shards_[split.name]++;
        file_ = fmt::format("{}-{:05}.yds", split.name, number);
        format::FileHeader header;
        if (like) {
            // What a version that is known here asks for, the records themselves say.
            if (like->minor > format::geometry_minor_version) header.minor = like->minor;
            header.compat = like->compat;
            header.incompat = like->incompat;
        }
        header.first_record = split.records;
        header.schema = schema_text(index_, split.name, number);
        shard_ = std::make_unique<ShardCopy>(folder_ + "/" + file_, std::move(header));
    }

    void close() {
        if (!shard_) return;
        ShardEntry entry = shard_->finish();
        shard_.reset();
        entry.file = file_;
        entry.split = split_;
        entry.sha256 = file_sha256(folder_ + "/" + file_);
        index_.shards.push_back(std::move(entry));
    }

    std::string folder_, split_, file_;
    SetIndex index_;
    std::map<std::string, std::uint64_t> shards_;
    std::unique_ptr<ShardCopy> shard_;
};

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
    SetCopy copy(staging.folder(), plan.index);
    std::uint64_t total = 0, done = 0;
    for (const ShardEntry& shard : plan.index.shards) total += shard.records;
    const auto count = [&] {
        if (progress && !progress(++done, total))
            throw Error(ErrorKind::forbidden_state,
                        out + ": stopped before the set was complete; nothing was written");
        return true;
    };
    for (const ShardEntry& listed : plan.index.shards) {
        MendSource source(plan.dir, listed);
        source.each(
            [&](const MendSource::Record& r) {
                return copy.add(listed.split, r, source.header()), count();
            },
            [&](const LostRecord& r) { return copy.leave_out(listed, r), count(); });
    }
    SetIndex index = copy.finish();
    staging.publish(index);
    return index;
}

}  // namespace yolodata::shard
