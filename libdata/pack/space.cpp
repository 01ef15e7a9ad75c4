// SPDX-License-Identifier: Apache-2.0
#include "pack/space.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "yolodata/core/error.hpp"

namespace yolodata::pack {

namespace {

constexpr std::uint64_t record_overhead = 512;  // headers, alignment, labels, index entry; generous

/// Mean length of a record, from a few images.
double sampled_record_bytes(const Dataset& dataset, const std::vector<Place>& places, const PackOptions& options) {
    constexpr std::size_t samples = 16;
    const std::size_t step = std::max<std::size_t>(1, places.size() / samples);
    ExamineOptions examining;
    examining.max_pixels = options.set.max_pixels;
    examining.hash = false;
    MemoryBudget budget(options.max_memory);
    double bytes = 0;
    std::size_t packed = 0;
    for (std::size_t i = 0; i < places.size(); i += step) {
        const Prepared prepared = prepare(examine(dataset, dataset.images[places[i].image], examining), {}, options.set, budget);
        bytes += prepared.left_out ? 0 : static_cast<double>(prepared.record.payload.size() + record_overhead);
        ++packed;
    }
    return packed == 0 ? 0 : bytes / static_cast<double>(packed);
}

/// Length of a square of raw pixels.
std::uint64_t square_bytes(const PackOptions& options) {
    const auto side = static_cast<std::uint64_t>(options.set.imgsz);
    return side * side * 3 + record_overhead;
}

double sampled_raw_bytes(const Dataset& dataset, const std::vector<Place>& places, PackOptions options) {
    options.set.codec = "raw";
    return sampled_record_bytes(dataset, places, options);
}

void check_fits(double need, std::uint64_t free, const std::string& out) {
    // An estimate from a sample must not refuse what would just fit.
    if (0.9 * need <= static_cast<double>(free)) return;
    throw Error(ErrorKind::resource,
                fmt::format("{}: about {:.0f} MiB are needed and {} MiB are free; free some, or pack with --codec jpeg "
                            "or a smaller --imgsz",
                            out, need / (1 << 20), free >> 20));
}

}  // namespace

void check_space(const Dataset& dataset, const std::vector<Place>& places, const PackPlan& options,
                 std::uint64_t free, const std::string& out) {
    const auto variants = static_cast<std::uint64_t>(options.set.variants);
    const std::uint64_t whole = square_bytes(options);
    if (free == 0 || places.size() * (1 + variants) * whole <= free) return;
    const auto measured = std::count_if(places.begin(), places.end(), [](const Place& p) { return p.measures; });
    const double record = sampled_record_bytes(dataset, places, options);
    const double measured_bytes = record * static_cast<double>(measured);
    const auto sources = static_cast<double>(places.size()) - static_cast<double>(measured);
    double need = record * sources + measured_bytes;
    if (variants > 0 || options.for_variants) {
        // Beside the variants, every picture stands there once while they are made, raw if they are made of it.
        const double plain = sampled_raw_bytes(dataset, places, options);
        const double share = options.set.codec == "raw" ? 1 : record / std::max(plain, 1.0);
        need = plain * sources + measured_bytes;
        if (variants > 0) need += static_cast<double>(variants * whole) * sources * share + measured_bytes;
    }
    check_fits(need, free, out);
}

void check_variant_space(const Dataset& dataset, const std::vector<Place>& places, const Remaining& remaining,
                         const PackOptions& options, std::uint64_t free, const std::string& out) {
    const double augmented = static_cast<double>(remaining.augmented * square_bytes(options));
    const auto copied = static_cast<double>(remaining.copied_bytes);
    if (free == 0 || augmented + copied <= static_cast<double>(free)) return;
    const double share = options.set.codec == "raw" ? 1
                                                    : sampled_record_bytes(dataset, places, options) /
                                                          std::max(sampled_raw_bytes(dataset, places, options), 1.0);
    check_fits(augmented * share + copied, free, out);
}

}  // namespace yolodata::pack
