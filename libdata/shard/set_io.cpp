// SPDX-License-Identifier: Apache-2.0
#include "shard/set_io.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>
#include <optional>
#include <string_view>

#include "shard/bus_guard.hpp"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22  // Linux 5.14; older headers lack it
#endif

namespace yolodata::shard {

namespace {

constexpr std::size_t direct_align = 4096;
constexpr std::size_t direct_piece = std::size_t{1} << 20;

/// Where O_DIRECT reads land, one a thread: the kernel wants aligned memory, callers' buffers are
/// not.
std::byte* bounce_buffer() {
    struct Free {
        void operator()(std::byte* p) const { std::free(p); }
    };
    static thread_local std::unique_ptr<std::byte, Free> buffer;
    if (!buffer) {
        buffer.reset(static_cast<std::byte*>(std::aligned_alloc(direct_align, direct_piece)));
        if (!buffer) throw std::bad_alloc();
    }
    return buffer.get();
}

/// Copies what of [from, from + n) at file offset `at` belongs to a target that starts at file
/// offset `begin`.
void deliver(const std::byte* from, std::uint64_t at, std::uint64_t n, std::uint64_t begin,
             std::span<std::byte> to) {
    const std::uint64_t first = std::max(at, begin), last = std::min(at + n, begin + to.size());
    if (first < last) std::memcpy(to.data() + (first - begin), from + (first - at), last - first);
}

bool populate_supported() {
    static const bool yes = ::madvise(nullptr, 0, MADV_POPULATE_READ) == 0;
    return yes;
}

}  // namespace

bool is_remote_filesystem(std::uint64_t magic) {
    constexpr std::array<std::uint64_t, 14> remote{
        0x6969,      // NFS
        0x517b,      // SMB
        0xff534d42,  // CIFS
        0xfe534d42,  // SMB2
        0x65735546,  // FUSE, virtiofs
        0x01021997,  // 9p
        0x0bd00bd0,  // Lustre
        0x00c36400,  // Ceph
        0x47504653,  // GPFS
        0x19830326,  // BeeGFS
        0x5346414f,  // AFS
        0x7461636f,  // OCFS2
        0x01161970,  // GFS2
        0x73757245,  // Coda
    };
    return std::find(remote.begin(), remote.end(), magic & 0xffffffffu) != remote.end();
}

std::optional<IoMode> parse_io_mode(std::string_view text) {
    if (text == "auto") return IoMode::automatic;
    if (text == "mmap") return IoMode::mmap;
    if (text == "pread") return IoMode::pread;
    if (text == "direct") return IoMode::direct;
    return std::nullopt;
}

SetIo::SetIo(const std::vector<ShardFile>& files, const ReadOptions& options)
    : files_(files),
      automatic_(options.io == IoMode::automatic),
      windows_(options.window_bytes, options.mapped_bytes),
      modes_(new std::atomic<std::uint8_t>[files.size()]) {
    struct rlimit limit;
    may_open_direct_ = ::getrlimit(RLIMIT_NOFILE, &limit) == 0 && files.size() < limit.rlim_cur / 4;
    for (std::size_t i = 0; i < files.size(); ++i)
        modes_[i] = static_cast<std::uint8_t>(first_mode(files[i], options.io));
}

IoMode SetIo::first_mode(const ShardFile& file, IoMode wanted) {
    if (wanted == IoMode::automatic) {
        const ScopedFd fd = file.descriptor();
        struct statfs st;
        const bool remote = fd && ::fstatfs(fd.get(), &st) == 0 &&
                            is_remote_filesystem(static_cast<std::uint64_t>(st.f_type));
        return remote ? IoMode::pread : IoMode::mmap;
    }
    if (wanted != IoMode::direct) return wanted;
    // Opened by way of /proc, so that it is the very file that was checked.
    if (!may_open_direct_) return IoMode::pread;
    const ScopedFd fd = file.descriptor();
    const int direct = fd ? ::open(fmt::format("/proc/self/fd/{}", fd.get()).c_str(),
                                   O_RDONLY | O_CLOEXEC | O_DIRECT)
                          : -1;
    direct_.emplace_back(direct, true);
    return direct >= 0 ? IoMode::direct : IoMode::pread;  // file systems in memory refuse O_DIRECT
}

std::shared_ptr<const Window> SetIo::window(std::size_t shard, std::uint64_t offset,
                                            std::uint64_t length) {
    auto found = windows_.get(files_[shard], shard, offset, length);
    // The map is refused even with every other window given back: no use in trying for each record.
    if (!found) {
        leave_mapping(shard);
    } else if (scattered_.load(std::memory_order_relaxed)) {
        const std::uint64_t first = found->end() - found->length();
        ::madvise(const_cast<std::byte*>(found->at(first)), found->length(), MADV_RANDOM);
    }
    return found;
}

void SetIo::leave_mapping(std::size_t shard) {
    if (automatic_)
        modes_[shard].store(static_cast<std::uint8_t>(IoMode::pread), std::memory_order_relaxed);
}

bool SetIo::copy(std::size_t shard, std::uint64_t offset, std::span<std::byte> out, Via via) {
    return copy_record(shard, offset, out, {}, via);
}

bool SetIo::copy_record(std::size_t shard, std::uint64_t offset, std::span<std::byte> head,
                        std::span<std::byte> payload, Via via) {
    const ShardFile& file = files_[shard];
    if (via == Via::file) {
        windows_.drop(shard, offset);  // mapped pages cannot be dropped from the page cache
        return file.pread(offset, head, true) && file.pread(offset + head.size(), payload, true);
    }
    // Index and labels are small, dense and wanted again: they are what the page cache is for.
    if (mode(shard) == IoMode::direct && offset < file.header().footer.labels_offset)
        if (read_direct(shard, offset, head, payload)) return true;
    if (mode(shard) == IoMode::mmap) {
        if (const auto mapped = window(shard, offset, head.size() + payload.size())) {
            if (scattered_.load(std::memory_order_relaxed) && !payload.empty())
                prefetch(shard, offset, offset + head.size() + payload.size(), /*wait=*/false);
            const std::byte* from = mapped->at(offset);
            if (guarded_copy(head.data(), from, head.size()) &&
                (payload.empty() ||
                 guarded_copy(payload.data(), from + head.size(), payload.size())))
                return true;
            leave_mapping(shard);
            return false;
        }
    }
    return file.pread(offset, head, payload);
}

bool SetIo::read_direct(std::size_t shard, std::uint64_t offset, std::span<std::byte> head,
                        std::span<std::byte> payload) {
    std::byte* buffer = bounce_buffer();
    const std::uint64_t end = offset + head.size() + payload.size();
    for (std::uint64_t at = offset / direct_align * direct_align; at < end;) {
        const std::uint64_t want =
            std::min<std::uint64_t>(direct_piece, format::align_up(end - at, direct_align));
        const ssize_t got = ::pread(direct_[shard].get(), buffer, want, static_cast<off_t>(at));
        if (got < 0 && errno == EINTR) continue;
        // Short of the end of the file, or refused: the ordinary read decides what is to be had.
        if (got <= 0) return false;
        const auto n = static_cast<std::uint64_t>(got);
        deliver(buffer, at, n, offset, head);
        deliver(buffer, at, n, offset + head.size(), payload);
        if (n < want && at + n < end) {
            if (n < direct_align) return false;
            at += n / direct_align * direct_align;
        } else {
            at += n;
        }
    }
    return true;
}

void SetIo::prefetch(std::size_t shard, std::uint64_t begin, std::uint64_t end, bool wait) {
    // The whole range at once: page by page, as mapped memory is populated, the disk is asked for little at a time.
    if (mode(shard) != IoMode::direct)
        if (const ScopedFd fd = files_[shard].descriptor())
            ::posix_fadvise(fd.get(), static_cast<off_t>(begin), static_cast<off_t>(end - begin),
                            POSIX_FADV_WILLNEED);
    while (wait && mode(shard) == IoMode::mmap && begin < end) {
        const auto mapped = window(shard, begin, 1);
        if (!mapped) return;
        const std::uint64_t stop = std::min(end, mapped->end());
        const std::uint64_t from = begin / format::page * format::page;
        void* address = const_cast<std::byte*>(mapped->at(from));
        const std::size_t length = stop - from;
        // Reads now, and reports what would have been SIGBUS as an error; whoever reads the record
        // finds out.
        if (populate_supported()) {
            ::madvise(address, length, MADV_POPULATE_READ);
        } else {
            ::madvise(address, length, MADV_WILLNEED);
            guarded_touch(mapped->at(from), length);
        }
        begin = stop;
    }
}

void SetIo::drop(std::size_t shard, std::uint64_t begin, std::uint64_t end, bool scattered) {
    if (scattered) scattered_.store(true, std::memory_order_relaxed);
    // The page of the record's end may hold the next one's beginning: it goes with that.
    const std::uint64_t from = begin / format::page * format::page,
                        to = end / format::page * format::page;
    if (from >= to || mode(shard) == IoMode::direct) return;
    if (const auto mapped = windows_.find(shard, begin); mapped && mapped->covers(from, to - from))
        ::madvise(const_cast<std::byte*>(mapped->at(from)), to - from, MADV_DONTNEED);
    if (const ScopedFd fd = files_[shard].descriptor())
        ::posix_fadvise(fd.get(), static_cast<off_t>(from), static_cast<off_t>(to - from),
                        POSIX_FADV_DONTNEED);
}

}  // namespace yolodata::shard
