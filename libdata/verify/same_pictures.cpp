// SPDX-License-Identifier: Apache-2.0
#include <tbb/parallel_for_each.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>
#include <optional>
#include <tuple>

#include "copies.hpp"
#include "near_search.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/image/decode.hpp"

namespace yolodata {

namespace {

// Files that may show the same pixels, one a JPEG and one not, are found by their hashes: the
// JPEG's thumbnail comes from a rougher decode.
constexpr int rough_bits = 4;
constexpr float rough_levels = 1;

class SamePictures {
 public:
    SamePictures(const DatasetFacts& facts, const CopyOrder& order, MemoryGate& gate)
        : facts_(facts), order_(order), gate_(gate), first_(order.size()) {
        std::iota(first_.begin(), first_.end(), 0u);
    }

    std::vector<std::uint32_t> run() {
        by_bytes();
        find_candidates();
        by_pixels();
        return std::move(first_);
    }

 private:
    const PairFacts& pair(std::uint32_t place) const { return facts_.pairs[order_.image(place)]; }
    const Look& look(std::uint32_t place) const { return pair(place).look; }

    void by_bytes() {
        std::vector<std::uint32_t> places;
        for (std::uint32_t p = 0; p < order_.size(); ++p)
            if (pair(p).image.hashed && pair(p).image.size != 0) places.push_back(p);
        const auto key = [this](std::uint32_t p) -> const Sha256Digest& {
            return pair(p).image.digest;
        };
        std::sort(places.begin(), places.end(), [&](std::uint32_t a, std::uint32_t b) {
            return key(a) != key(b) ? key(a) < key(b) : a < b;
        });
        for (std::size_t i = 1; i < places.size(); ++i)
            if (key(places[i]) == key(places[i - 1])) first_[places[i]] = first_[places[i - 1]];
    }

    // Equal pixels that were decoded the same way have equal thumbnails.
    void find_candidates() {
        candidate_.assign(order_.size(), 0);
        std::vector<std::uint32_t> places, scaled, exact;
        for (std::uint32_t p = 0; p < order_.size(); ++p)
            if (first_[p] == p && look(p).known) places.push_back(p);
        for (const std::uint32_t p : places)
            if (!look(p).flat) (look(p).scaled ? scaled : exact).push_back(p);
        const auto key = [this](std::uint32_t p) {
            return std::tuple(look(p).thumbnail, look(p).width, look(p).height);
        };
        std::sort(places.begin(), places.end(),
                  [&](std::uint32_t a, std::uint32_t b) { return key(a) < key(b); });
        for (std::size_t i = 1; i < places.size(); ++i)
            if (key(places[i]) == key(places[i - 1]))
                candidate_[places[i]] = candidate_[places[i - 1]] = 1;
        if (!scaled.empty() && !exact.empty()) across_formats(scaled, exact);
    }

    void across_formats(const std::vector<std::uint32_t>& scaled,
                        const std::vector<std::uint32_t>& exact) {
        std::vector<std::uint64_t> hashes;
        std::vector<PerceptualHash> queries;
        for (const std::uint32_t p : exact) hashes.push_back(look(p).hash.turned[0]);
        for (const std::uint32_t p : scaled) queries.push_back(look(p).hash);
        search_near({hashes, queries, 1, rough_bits}, [&](std::uint32_t q, std::uint32_t i) {
            const Look &a = look(scaled[q]), &b = look(exact[i]);
            if (a.width == b.width && a.height == b.height &&
                std::abs(a.mean - b.mean) <= rough_levels) {
                std::atomic_ref(candidate_[scaled[q]]).store(1, std::memory_order_relaxed);
                std::atomic_ref(candidate_[exact[i]]).store(1, std::memory_order_relaxed);
            }
            return true;
        });
    }

    struct Pixels {
        std::uint32_t place;
        std::optional<Sha256Digest> digest;
    };

    void by_pixels() {
        std::vector<Pixels> pixels;
        for (std::uint32_t p = 0; p < order_.size(); ++p)
            if (candidate_[p] != 0) pixels.push_back({p, std::nullopt});
        const Folder folder(facts_.dataset.root);
        tbb::parallel_for_each(pixels,
                               [&](Pixels& one) { one.digest = digest(folder, one.place); });
        std::erase_if(pixels, [](const Pixels& one) { return !one.digest; });
        std::sort(pixels.begin(), pixels.end(), [](const Pixels& a, const Pixels& b) {
            return *a.digest != *b.digest ? *a.digest < *b.digest : a.place < b.place;
        });
        std::vector<std::uint32_t> merged = first_;
        for (std::size_t i = 1; i < pixels.size(); ++i)
            if (*pixels[i].digest == *pixels[i - 1].digest)
                merged[pixels[i].place] = merged[pixels[i - 1].place];
        for (std::uint32_t& head : first_) head = merged[head];
    }

    // Of the pixels as shown; nothing where the file has changed since the pass and does not
    // decode, or takes more than the memory allowed.
    std::optional<Sha256Digest> digest(const Folder& folder, std::uint32_t place) {
        const Look& seen = look(place);
        const std::uint64_t bytes =
            pair(place).image.size + std::uint64_t{3} * seen.width * seen.height;
        if (!gate_.fits(bytes)) return std::nullopt;
        gate_.acquire(bytes);
        std::optional<Sha256Digest> result;
        try {
            std::vector<std::byte> file;
            if (folder.read(facts_.dataset.images[order_.image(place)].path, file)) {
                const Picture picture = decode(file, {.max_pixels = 0});
                Sha256 hash;
                const std::int32_t size[2] = {picture.width, picture.height};
                hash.update(std::as_bytes(std::span(size)));
                hash.update(std::as_bytes(std::span(picture.rgb)));
                result = hash.finish();
            }
        } catch (const Error&) {
        } catch (...) {
            gate_.release(bytes);
            throw;
        }
        gate_.release(bytes);
        return result;
    }

    const DatasetFacts& facts_;
    const CopyOrder& order_;
    MemoryGate& gate_;
    std::vector<std::uint32_t> first_;
    std::vector<std::uint8_t> candidate_;
};

}  // namespace

std::vector<std::uint32_t> same_pictures(const DatasetFacts& facts, const CopyOrder& order,
                                         MemoryGate& gate) {
    return SamePictures(facts, order, gate).run();
}

}  // namespace yolodata
