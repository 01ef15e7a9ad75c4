// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "yolodata/core/box.hpp"
#include "yolodata/core/geometry.hpp"
#include "yolodata/shard/reader.hpp"
#include "yolodata/shard/set_index.hpp"

namespace yolodata::shard {

/// One record to be written.
struct RecordData {
    int width = 0, height = 0;          ///< of the picture that is stored, px
    Codec codec = Codec::raw;
    std::vector<std::uint8_t> payload;  ///< raw: width·height·3 RGB bytes; jpeg: the coded picture
    std::uint64_t checksum = 0;         ///< payload_checksum(payload), made where it can run in parallel
    std::vector<Box> boxes;
    std::string source;                 ///< path in the source dataset, at most 65,535 bytes
    int source_width = 0, source_height = 0;
    std::uint32_t variant = 0;
    Geometry geometry;                  ///< polygons and key points of the rows, if the task has them
};

struct CodedRecord;  // libdata's own: a record as it stands in a shard

std::uint64_t payload_checksum(std::span<const std::uint8_t> payload);

/// Writes the shards of a set into a folder, one after the other: a shard is closed before it would grow
/// past options.shard_bytes. A full shard is synced, read again for its SHA-256 and published by a thread beside, one at
/// a time, while the next one is filled. What is written depends on the records and the index's fields alone. Each file
/// appears under its name complete or not at all. After an Error other than invalid_argument the set cannot be
/// completed: every later call throws Error(forbidden_state). Not thread-safe.
class SetWriter {
   public:
    /// Called when a shard is published, with what had been written and left out when it was full: from here an
    /// interrupted packing can go on.
    using ShardClosed = std::function<void(const SetIndex& so_far)>;
    /// Called when a shard is full: the caller notes where it stands then. Both are called from the writer's calls.
    using ShardFull = std::function<ShardClosed()>;

    /// index: tool, task, class count, names and options; the rest is filled in. An index that ShardClosed was called
    /// with goes on where that shard ended. What `left_out` lists already counts as left out of its split.
    SetWriter(std::string folder, SetIndex index, ShardFull full = {});
    ~SetWriter();  ///< waits for a shard that is full; an unfinished one leaves no file

    void begin_split(const std::string& name);  ///< with as many variants as the options say
    void begin_split(const std::string& name, int variants);
    /// Throws Error(io | resource) when the disk refuses, Error(invalid_argument) for a record that does
    /// not fit the format.
    void add(const RecordData& record);
    /// The same for a record out of another shard. Not for use outside libdata.
    void add(const CodedRecord& record);
    /// Notes an image of the current split that is left out, with its reasons.
    void leave_out(LeftOut image);
    /// Closes the last shard. Throws as add().
    SetIndex finish(std::string source_digest);
    /// What has been written and left out so far; shards appear as they are published.
    const SetIndex& index() const { return index_; }

   private:
    class Shard;
    struct Closing;
    void attempt(const std::function<void()>& step);
    void write(const CodedRecord& record);
    void close_shard();
    void publish_shard();

    std::string folder_;
    SetIndex index_;
    ShardFull full_;
    std::unique_ptr<Shard> shard_;
    std::unique_ptr<Closing> closing_;
    std::uint64_t shards_in_split_ = 0;
    bool failed_ = false;  ///< a step did not end: what the index counts is no longer what the files hold
};

}  // namespace yolodata::shard
