// SPDX-License-Identifier: Apache-2.0
#include "yolodata/pack/codec_choice.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <memory>
#include <span>

#include "pack/codec_costs.hpp"
#include "yolodata/core/memory_limit.hpp"
#include "yolodata/image/decode.hpp"

namespace yolodata::pack {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// A file that nobody else sees: removed as soon as it is open.
class ProbeFile {
   public:
    explicit ProbeFile(const std::string& folder) : path_(folder + "/.yolodata-probe-XXXXXX"), fd_(::mkstemp(path_.data())) {}
    ~ProbeFile() {
        if (fd_ < 0) return;
        ::unlink(path_.c_str());
        ::close(fd_);
    }
    ProbeFile(const ProbeFile&) = delete;
    int fd() const { return fd_; }
    const std::string& path() const { return path_; }

   private:
    std::string path_;
    int fd_;
};

}  // namespace

CodecChoice choose_codec(const CodecCosts& costs) {
    constexpr double near = 0.9;  // less work and no loss weigh more than a tenth
    CodecChoice choice{"raw", costs, std::numeric_limits<double>::infinity(), 0, false};
    choice.cached = costs.raw_bytes * costs.images <= costs.memory_bytes / 2;
    const double decode_rate = costs.threads / std::max(costs.decode_seconds, 1e-9);
    choice.jpeg_rate = decode_rate;
    if (costs.read_bytes_per_second > 0) {
        choice.jpeg_rate = std::min(decode_rate, costs.read_bytes_per_second / std::max(costs.jpeg_bytes, 1.0));
        if (!choice.cached) choice.raw_rate = costs.read_bytes_per_second / std::max(costs.raw_bytes, 1.0);
    }
    if (choice.raw_rate < near * choice.jpeg_rate) choice.codec = "jpeg";
    return choice;
}

double measure_read_speed(const std::string& folder) {
    constexpr std::size_t piece = std::size_t{1} << 20, pieces = 32;
    const ProbeFile file(folder);
    const std::unique_ptr<char, decltype(&std::free)> buffer(static_cast<char*>(std::aligned_alloc(4096, piece)), &std::free);
    if (file.fd() < 0 || !buffer) return 0;
    for (std::size_t i = 0; i < piece; ++i) buffer.get()[i] = static_cast<char>(i * 2654435761u >> 13);
    for (std::size_t i = 0; i < pieces; ++i)
        if (::write(file.fd(), buffer.get(), piece) != static_cast<ssize_t>(piece)) return 0;
    if (::fdatasync(file.fd()) != 0) return 0;
    ::posix_fadvise(file.fd(), 0, 0, POSIX_FADV_DONTNEED);
    int fd = ::open(file.path().c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC);
    if (fd < 0) fd = ::open(file.path().c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    const auto start = Clock::now();
    std::size_t read = 0;
    for (ssize_t n = 1; n > 0 && read < piece * pieces; read += n > 0 ? static_cast<std::size_t>(n) : 0) n = ::read(fd, buffer.get(), piece);
    const double seconds = seconds_since(start);
    ::close(fd);
    return read == piece * pieces && seconds > 0 ? static_cast<double>(read) / seconds : 0;
}

CodecCosts measure_codec_costs(const Dataset& dataset, const std::vector<Place>& places, const PackOptions& options,
                               const std::string& out) {
    CodecCosts costs;
    costs.threads = options.jobs;
    costs.memory_bytes = static_cast<double>(memory_limit().bytes);
    constexpr std::size_t samples = 16;
    const std::size_t step = std::max<std::size_t>(1, places.size() / samples);
    ExamineOptions examining;
    examining.max_pixels = options.set.max_pixels;
    examining.hash = false;
    MemoryBudget budget(options.max_memory);
    shard::SetOptions jpeg = options.set;
    jpeg.codec = "jpeg";
    double n = 0;
    for (std::size_t i = 0; i < places.size(); i += step) {
        const Prepared prepared = prepare(examine(dataset, dataset.images[places[i].image], examining), {}, jpeg, budget);
        if (prepared.left_out) continue;
        const auto start = Clock::now();
        const Picture picture = decode(std::as_bytes(std::span(prepared.record.payload)), {.max_pixels = 0, .apply_exif = false});
        costs.decode_seconds += seconds_since(start);
        costs.jpeg_bytes += static_cast<double>(prepared.record.payload.size());
        costs.raw_bytes += static_cast<double>(picture.rgb.size());
        ++n;
    }
    for (double* sum : {&costs.decode_seconds, &costs.jpeg_bytes, &costs.raw_bytes}) *sum /= std::max(n, 1.0);
    for (const Place& place : places) costs.images += place.measures ? 1 : std::max(options.set.variants, 1);
    std::filesystem::path folder = std::filesystem::absolute(out);
    while (!std::filesystem::is_directory(folder) && folder.has_relative_path()) folder = folder.parent_path();
    costs.read_bytes_per_second = measure_read_speed(folder.string());
    return costs;
}

}  // namespace yolodata::pack
