// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/run/run_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "yolodata/core/error.hpp"

namespace yolotrain {

namespace fs = std::filesystem;
using yolodata::Error;
using yolodata::ErrorKind;
using yolodata::throw_errno;

namespace {

void make_folders(const std::string& path) {
    std::error_code error;
    fs::create_directories(path, error);
    if (error) throw_errno("create the folder", path, error.value());
}

}  // namespace

RunFolder RunFolder::create_next(const std::string& project, const std::string& name) {
    const std::string first = project + "/" + name;
    make_folders(fs::path(first).parent_path().string());
    // mkdir is atomic: two trainings that start at once get different folders.
    for (int number = 1;; ++number) {
        const std::string path = number == 1 ? first : fmt::format("{}-{}", first, number);
        if (::mkdir(path.c_str(), 0777) == 0) return RunFolder(path);
        if (errno != EEXIST) throw_errno("create the folder", path, errno);
    }
}

RunFolder RunFolder::open(const std::string& path) {
    make_folders(path);
    return RunFolder(path);
}

RunFolder::RunFolder(std::string path) : path_(std::move(path)) {
    make_folders(state());
    const std::string file = state() + "/lock";
    lock_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (lock_ < 0) throw_errno("create", file, errno);
    if (::flock(lock_, LOCK_EX | LOCK_NB) == 0) return;
    const int error = errno;
    // A file system without locks (some network ones) cannot protect the run; it can still be trained in.
    if (error == ENOLCK || error == ENOSYS || error == EOPNOTSUPP) return;
    ::close(lock_);
    lock_ = -1;
    if (error != EWOULDBLOCK) throw_errno("lock", file, error);
    throw Error(ErrorKind::forbidden_state,
                fmt::format("another process is training in {}; wait for it, or choose another --name", path_));
}

RunFolder::~RunFolder() {
    if (lock_ >= 0) ::close(lock_);  // gives the lock back
}

void RunFolder::clear() {
    std::error_code ignored;
    const auto remove_files = [&](const std::string& folder, const std::string& prefix, const std::string& suffix) {
        for (const auto& entry : fs::directory_iterator(folder, ignored)) {
            const std::string name = entry.path().filename().string();
            const bool named = name.starts_with(prefix) && name.ends_with(suffix);
            if (named && entry.is_regular_file(ignored)) fs::remove(entry.path(), ignored);
        }
    };
    remove_files(state(), "checkpoint-", ".json");
    remove_files(state(), "checkpoint-", ".safetensors");
    remove_files(weights(), "", ".safetensors");
    for (const auto& file : {results(), args(), events()}) fs::remove(file, ignored);
}

}  // namespace yolotrain
