// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "shard/shard_file.hpp"
#include "shard/window_cache.hpp"
#include "yolodata/shard/reader.hpp"

namespace yolodata::shard {

/// How bytes get out of the file: first by the mode of the set; if they then fail their check, by a
/// second read from the file itself, because the damage may lie in the page cache or the mapping
/// alone.
enum class Via { usual, file };

/// statfs's f_type of file systems whose pages may vanish under a mapping or come slowly: NFS, SMB,
/// FUSE, 9p …
bool is_remote_filesystem(std::uint64_t magic);

/// Gets bytes out of the files of a set in one of the modes of ReadOptions. Thread-safe. The files
/// must outlive it.
class SetIo {
 public:
    SetIo(const std::vector<ShardFile>& files, const ReadOptions& options);

    /// false: not every byte could be had (the file shrank, the disk refuses).
    bool copy(std::size_t shard, std::uint64_t offset, std::span<std::byte> out,
              Via via = Via::usual);
    /// Head and payload, which follow each other from `offset` on.
    bool copy_record(std::size_t shard, std::uint64_t offset, std::span<std::byte> head,
                     std::span<std::byte> payload, Via via = Via::usual);
    /// Asks for these bytes of a shard ahead of their use; returns when they are asked for, or, with
    /// mmap and `wait`, when they are there.
    void prefetch(std::size_t shard, std::uint64_t begin, std::uint64_t end, bool wait = true);
    /// Gives the pages of these bytes back: out of the mapping first, or the page cache would keep
    /// them. scattered: what is read is in no order, so that from now on the kernel shall read what is
    /// copied and nothing around it, which nobody would drop.
    void drop(std::size_t shard, std::uint64_t begin, std::uint64_t end, bool scattered = false);
    /// The mode a shard is read in now: never automatic.
    IoMode mode(std::size_t shard) const {
        return static_cast<IoMode>(modes_[shard].load(std::memory_order_relaxed));
    }

 private:
    IoMode first_mode(const ShardFile& file, IoMode wanted);
    std::shared_ptr<const Window> window(std::size_t shard, std::uint64_t offset,
                                         std::uint64_t length);
    void leave_mapping(std::size_t shard);
    bool read_direct(std::size_t shard, std::uint64_t offset, std::span<std::byte> head,
                     std::span<std::byte> payload);

    const std::vector<ShardFile>& files_;
    const bool automatic_;
    std::atomic<bool> scattered_ = false;
    WindowCache windows_;
    std::unique_ptr<std::atomic<std::uint8_t>[]> modes_;
    bool may_open_direct_ =
        true;  ///< a descriptor more for each shard fits into the limit of open files
    std::vector<ScopedFd>
        direct_;  ///< descriptors with O_DIRECT, by shard; empty unless that is the mode
};

}  // namespace yolodata::shard
