// SPDX-License-Identifier: Apache-2.0
#include "common/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace tools {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::string clock_text(double seconds) {
    const auto s = static_cast<long>(seconds + 0.5);
    return s < 3600 ? fmt::format("{}:{:02}", s / 60, s % 60)
                    : fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

std::size_t terminal_width() {
    winsize size{};
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

std::string bar(std::uint64_t done, std::uint64_t total) {
    constexpr std::size_t cells = 24;
    const std::size_t full = total == 0 ? 0 : std::min<std::uint64_t>(cells, done * cells / total);
    return "[" + std::string(full, '#') + std::string(cells - full, '.') + "]";
}

}  // namespace

Progress::Progress(std::string label, std::string unit, std::uint64_t total, bool quiet)
    : label_(std::move(label)),
      unit_(std::move(unit)),
      total_(total),
      active_(!quiet && isatty(STDERR_FILENO) == 1),
      start_(Clock::now()),
      drawn_(start_ - std::chrono::hours(1)) {}

Progress::~Progress() { finish(); }

void Progress::update(std::uint64_t done, const std::string& note) {
    if (!active_) return;
    const auto now = Clock::now();
    if (now - drawn_ < std::chrono::milliseconds(100) && done < total_) return;
    drawn_ = now;
    const double elapsed = seconds_since(start_);
    const double rate = elapsed > 0 ? static_cast<double>(done) / elapsed : 0;
    std::string line = total_ > 0 ? fmt::format("{} {} {}/{}", label_, bar(done, total_), done, total_)
                                  : fmt::format("{} {}", label_, done);
    line += fmt::format(" {:.{}f} {}/s", rate, rate < 100 ? 1 : 0, unit_);
    if (total_ > done && rate > 0) {
        line += " ETA " + clock_text(static_cast<double>(total_ - done) / rate);
    }
    line += fmt::format(" {} MiB", peak_memory_bytes() >> 20);
    if (!note.empty()) line += " " + note;
    line.resize(std::min(line.size(), terminal_width() - 1));
    fmt::print(stderr, "\r\033[K{}", line);
    std::fflush(stderr);
}

void Progress::finish() {
    if (!active_) return;
    active_ = false;
    fmt::print(stderr, "\r\033[K");
    std::fflush(stderr);
}

std::uint64_t peak_memory_bytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace tools
