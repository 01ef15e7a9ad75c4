// SPDX-License-Identifier: Apache-2.0
#include "yolodata/shard/staging.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "yolodata/core/atomic_file.hpp"
#include "yolodata/core/error.hpp"

namespace yolodata::shard {

namespace fs = std::filesystem;

namespace {

/// SPLIT-00000.yds: what the writer calls its files.
bool is_shard_name(const std::string& name) {
    constexpr std::size_t digits = 5, suffix = 4;
    if (name.size() < digits + suffix + 2 || !name.ends_with(".yds")) return false;
    const std::size_t dash = name.rfind('-');
    if (dash == std::string::npos || dash == 0 || name[0] == '.') return false;
    const std::string number = name.substr(dash + 1, name.size() - suffix - dash - 1);
    return number.size() >= digits && number.find_first_not_of("0123456789") == std::string::npos;
}

std::vector<std::string> shard_names(const std::string& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder))
        if (is_shard_name(entry.path().filename().string())) names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

void remove_file(const std::string& path) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw_errno("remove", path, errno);
}

void rename_file(const std::string& from, const std::string& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) throw_errno("publish", to, errno);
}

bool same_file(int fd, const std::string& path) {
    struct stat open_file, named;
    return ::fstat(fd, &open_file) == 0 && ::stat(path.c_str(), &named) == 0 && open_file.st_ino == named.st_ino &&
           open_file.st_dev == named.st_dev;
}

/// Makes the folder and those above it; true if it was not there.
bool make_folder(const std::string& path) {
    std::error_code error;
    const bool made = fs::create_directories(path, error);
    if (error) throw_errno("make the folder", path, error.value());
    return made;
}

}  // namespace

Staging::Staging(std::string out, Old old, Unfinished unfinished)
    : out_(std::move(out)), folder_(out_ + "/.pack-tmp"), lock_path_(out_ + "/.pack.lock"), keep_(unfinished == Unfinished::keep) {
    struct stat st;
    if (::stat(out_.c_str(), &st) == 0 && !S_ISDIR(st.st_mode))
        throw Error(ErrorKind::forbidden_state, out_ + " is a file; name a folder for the shard set");
    made_out_ = make_folder(out_);
    // With an index.json the set is complete, whoever left the lock: publish() writes that last.
    debris_ = ::access(lock_path_.c_str(), F_OK) == 0 && !is_shard_set(out_);
    try {
        lock();
        if (old == Old::refuse && is_shard_set(out_))
            throw Error(ErrorKind::forbidden_state, out_ + " holds a shard set already; --overwrite replaces it");
        if (old == Old::refuse && !debris_ && !shard_names(out_).empty())
            throw Error(ErrorKind::forbidden_state, out_ + " holds shards without an index.json; --overwrite replaces them");
        if (!keep_) clear_staging();
        make_folder(folder_);
    } catch (...) {
        if (lock_fd_ >= 0) {
            if (!debris_) ::unlink(lock_path_.c_str());
            ::close(lock_fd_);
        }
        if (made_out_) ::rmdir(out_.c_str());
        throw;
    }
}

void Staging::lock() {
    // The holder removes the lock file when it is done, so what was locked may no longer be what the name
    // stands for: then try again.
    for (;;) {
        const int fd = ::open(lock_path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (fd < 0) throw_errno("write", lock_path_, errno);
        if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
            const int error_number = errno;
            ::close(fd);
            if (error_number == EWOULDBLOCK)
                throw Occupied(ErrorKind::forbidden_state, out_ + " is being written by another process; wait for it, or name another folder");
            throw_errno("lock", lock_path_, error_number);
        }
        if (same_file(fd, lock_path_)) {
            lock_fd_ = fd;
            return;
        }
        ::close(fd);
    }
}

void Staging::clear_staging() noexcept {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

Staging::~Staging() {
    if (published_ || !keep_) clear_staging();
    else ::rmdir(folder_.c_str());  // if there is nothing to be kept
    if (!debris_) ::unlink(lock_path_.c_str());
    ::close(lock_fd_);
    if (!published_ && made_out_) ::rmdir(out_.c_str());
}

std::uint64_t Staging::free_bytes() const {
    struct statvfs st;
    if (::statvfs(out_.c_str(), &st) != 0) return 0;
    return static_cast<std::uint64_t>(st.f_bavail) * st.f_frsize;
}

void Staging::publish(const SetIndex& index) {
    // Everything that can fail for want of space is done before the old set is touched.
    const std::string new_index = folder_ + "/" + index_file, old_index = out_ + "/" + index_file;
    write_file_atomically(new_index, to_json(index));
    debris_ = true;
    remove_file(old_index);
    sync_folder(out_);
    std::vector<std::string> stale = shard_names(out_);
    for (const ShardEntry& shard : index.shards) {
        rename_file(folder_ + "/" + shard.file, out_ + "/" + shard.file);
        std::erase(stale, shard.file);
    }
    for (const std::string& name : stale) remove_file(out_ + "/" + name);
    sync_folder(out_);
    rename_file(new_index, old_index);
    sync_folder(out_);
    debris_ = false;
    published_ = true;
}

}  // namespace yolodata::shard
