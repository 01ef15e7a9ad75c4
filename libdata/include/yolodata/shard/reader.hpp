// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "yolodata/core/box.hpp"
#include "yolodata/core/geometry.hpp"

namespace yolodata::shard {

enum class Codec : std::uint8_t { raw = 0, jpeg = 1 };  // stored: never renumber

/// A record without its pixels.
struct RecordInfo {
    std::uint64_t number = 0;   ///< within the split
    int width = 0, height = 0;  ///< of the stored picture, px
    Codec codec = Codec::raw;
    std::uint64_t payload_bytes = 0;
    std::string source;         ///< path in the source dataset
    std::size_t shard = 0;      ///< index of the shard file in the set
    std::uint64_t offset = 0;   ///< of the record in that file
    std::uint64_t checksum = 0; ///< XXH3-64 of the payload
    int source_width = 0, source_height = 0;  ///< of the source picture, EXIF applied
    std::uint32_t variant = 0;  ///< 0: the image itself; 1…K: the augmented picture of that number
};

struct SetIndex;

/// How bytes get out of the files.
enum class IoMode : std::uint8_t {
    /// mmap; but pread on network file systems, where the address space does not hold another window
    /// (`ulimit -v`), and for the rest of a file in which a mapped page could not be read.
    automatic,
    mmap,    ///< windows of the files; a window that cannot be mapped is read by pread
    pread,   ///< read calls, through the page cache
    /// Pictures by O_DIRECT past the page cache; pread where the file system lacks it or the limit of open files
    /// does not hold two descriptors a shard.
    direct,
};

/// "auto", "mmap", "pread", "direct": what --io takes. nullopt for anything else.
std::optional<IoMode> parse_io_mode(std::string_view text);

/// How a set is read. Nothing of it changes what is read.
struct ReadOptions {
    /// A file is mapped in windows of this length, a multiple of 64 KiB.
    std::uint64_t window_bytes = std::uint64_t{64} << 20;
    /// All windows of the set together; at least one window is always mapped. Mapped pages are page cache,
    /// not memory of the process alone, but they count in cgroup and address-space limits.
    std::uint64_t mapped_bytes = std::uint64_t{1} << 30;
    IoMode io = IoMode::automatic;
    /// false: a picture is not checked against its checksum. Heads, index and labels still are.
    bool verify_checksum = true;
    /// Gives the pages of each record back once it was read, for sets far larger than memory that are read in
    /// order. A page cache that others use too then stays theirs.
    bool drop_behind = false;
    /// Files of other sets that are open beside this one's: together they count against the limit of open files, beyond
    /// half of which a file is opened anew for each read instead.
    std::size_t files_beside = 0;
};

/// A shard set opened for reading: files mapped in windows, nothing loaded ahead. All const members may be
/// called from many threads at once. Opening checks the headers, the indices and their checksums; records
/// are checked when they are read. Throws yolodata::Error(corrupt | not_found | io | unsupported).
///
/// Opening a set installs a SIGBUS handler, once a process, which turns a page that cannot be read into a
/// bad record and passes every other SIGBUS on to the handler that was there before.
class ShardSet {
   public:
    /// dir: the folder with index.json. split: "train", "val" … A split that the set does not hold is
    /// Error(not_found). Files stay open (as far as the limit of open files allows), so a set that is
    /// replaced by a new one meanwhile is read to the end as it was.
    ShardSet(const std::string& dir, const std::string& split, const ReadOptions& options = {});
    ~ShardSet();
    ShardSet(ShardSet&&) noexcept;

    std::uint64_t size() const;
    /// Neither info() nor boxes() touches the pixels. Both throw Error(corrupt), naming shard and record,
    /// if the record's label entry is damaged, also at a second read: such a record is bad as a whole.
    /// A number ≥ size() is Error(invalid_argument).
    RecordInfo info(std::uint64_t record) const;
    std::vector<Box> boxes(std::uint64_t record) const;
    /// Polygons and key points of the rows of boxes(record); empty where the set holds none. Throws as boxes().
    Geometry geometry(std::uint64_t record) const;

    /// Copies the payload (raw: width·height·3 RGB bytes, HWC; jpeg: the coded bytes) out of the mapping
    /// into `out` and checks the copy. false: the checksum does not hold, also after a second read.
    /// A file that shrank or cannot be read any more counts as a bad record too, never as a crash.
    bool read(std::uint64_t record, std::vector<std::uint8_t>& out) const;
    /// The same into memory of the caller's, such as a place in a batch, without a copy in between. `out` must
    /// have payload_bytes(record) bytes, else Error(invalid_argument). After false its content is undefined.
    bool read_into(std::uint64_t record, std::span<std::byte> out) const;
    /// Length of the payload, from the index alone. Throws Error(corrupt) as info() does.
    std::uint64_t payload_bytes(std::uint64_t record) const;

    /// Reads ahead: the `count` records from `record` on are wanted next. A hint: what cannot be read is found
    /// out by read(). With direct nothing happens; with mmap it returns when the pages are in memory, so it
    /// belongs in a thread of its own; without `wait` they are asked for only. At most mapped_bytes / 2 are taken.
    void prefetch(std::uint64_t record, std::uint64_t count, bool wait = true) const;
    /// Gives the pages of a record back that will not be read again soon, as drop_behind does after each read. From
    /// the first call on, the set is taken to be read in no order: nothing is read around a mapped record.
    void drop(std::uint64_t record) const;
    /// How the shard that holds `record` is read now; never automatic.
    IoMode io_mode(std::uint64_t record) const;

    const SetIndex& index() const;                  ///< of the whole set, all splits (set_index.hpp)
    const std::vector<std::string>& names() const;  ///< class names of the set
    int imgsz() const;
    int variants() const;               ///< augmented pictures of each image in this split; 0: each once, as it is
    std::string digest() const;         ///< identity of the set: changes when any shard changes
    std::string source_digest() const;  ///< "sha256:…" of the source dataset
    std::string shard_path(std::size_t shard) const;

   private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// What to tell about a record of `set` whose read() gave false: file, number, source and remedy.
std::string bad_record_text(const ShardSet& set, const RecordInfo& record);

/// Splits that index.json lists, in its order.
std::vector<std::string> list_splits(const std::string& dir);
/// true if `path` is a folder that holds an index.json of a shard set.
bool is_shard_set(const std::string& path);

}  // namespace yolodata::shard
