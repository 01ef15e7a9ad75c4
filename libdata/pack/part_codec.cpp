// SPDX-License-Identifier: Apache-2.0
#include "pack/part_codec.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <thread>

#include "pack/parts.hpp"
#include "yolodata/core/atomic_file.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/file.hpp"

namespace yolodata::pack {

namespace {

std::string choice_path(const std::string& out, int parts, const shard::SetOptions& options) {
    return fmt::format("{}/codec-of-{}-{}-{}", folder_of_parts(out), parts, options.imgsz, options.quality);
}

/// Where there are no hard links: 0, or errno. Who finds the file may find it empty for a moment.
int create_new(const std::string& path, const std::string& text) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) return errno;
    const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    const int error_number = written ? 0 : errno != 0 ? errno : ENOSPC;
    ::close(fd);
    if (!written) ::unlink(path.c_str());
    return error_number;
}

bool lacks_links(int error_number) {
    return error_number == EPERM || error_number == ENOTSUP || error_number == EOPNOTSUPP || error_number == ENOSYS || error_number == EMLINK;
}

}  // namespace

std::optional<std::string> agreed_codec(const std::string& out, int parts, const shard::SetOptions& options) {
    const std::string path = choice_path(out, parts, options);
    std::string text;
    try {
        // An empty one is just being written where there are no hard links.
        for (int tries = 0; tries < 20 && (text = read_text_file(path)).empty(); ++tries) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    } catch (const Error& e) {
        if (e.kind() == ErrorKind::not_found) return std::nullopt;
        throw;
    }
    if (text == "raw\n") return "raw";
    if (text == "jpeg\n") return "jpeg";
    throw Error(ErrorKind::corrupt, path + ": names neither raw nor jpeg; remove it, and a part measures again");
}

std::string agree_on_codec(const std::string& out, int parts, const shard::SetOptions& options, const std::string& codec, Link link) {
    const std::string path = choice_path(out, parts, options);
    std::error_code error;
    std::filesystem::create_directories(folder_of_parts(out), error);
    if (error) throw_errno("make the folder", folder_of_parts(out), error.value());
    // A link is made only where no file stands, and what it shows is written already.
    char host[64] = "";
    ::gethostname(host, sizeof host - 1);
    const std::string own = fmt::format("{}.{}-{}", path, host, ::getpid());
    write_file_atomically(own, codec + "\n");
    int error_number = link(own.c_str(), path.c_str()) == 0 ? 0 : errno;
    ::unlink(own.c_str());
    if (lacks_links(error_number)) error_number = create_new(path, codec + "\n");
    if (error_number != 0 && error_number != EEXIST) throw_errno("note the codec of the parts in", path, error_number);
    const auto agreed = agreed_codec(out, parts, options);
    return agreed ? *agreed : codec;
}

}  // namespace yolodata::pack
