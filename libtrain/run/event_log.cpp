// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/run/event_log.hpp"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <utility>

namespace yolotrain {

namespace {

/// RFC 3339 in UTC with milliseconds.
std::string timestamp(std::chrono::system_clock::time_point now) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
    const std::time_t seconds = static_cast<std::time_t>(ms / 1000);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds), ms % 1000);
}

/// Whether the file ends in the middle of a line.
bool is_cut(int fd) {
    const off_t size = ::lseek(fd, 0, SEEK_END);
    char last = '\n';
    return size > 0 && ::pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

}  // namespace

EventLog::EventLog(std::string path, Clock clock) : path_(std::move(path)), clock_(std::move(clock)) {}

bool EventLog::append(const Event& event) {
    nlohmann::ordered_json line = {{"time", timestamp(clock_.now())},
                                   {"epoch", event.epoch},
                                   {"step", event.step},
                                   {"kind", event.kind},
                                   {"message", event.message},
                                   {"action", event.action}};
    if (!event.shard.empty()) line["shard"] = event.shard;
    if (event.record >= 0) line["record"] = event.record;
    if (!event.image.empty()) line["image"] = event.image;
    std::string text = line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";

    const int fd = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0) return false;
    if (is_cut(fd)) text.insert(text.begin(), '\n');
    const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    ::close(fd);
    return written;
}

}  // namespace yolotrain
