// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

namespace yolodata {

/// What a random number is for: a stream of its own for each purpose, so that a new use never
/// shifts the numbers of another. Values are part of reproducibility: never renumber.
enum class Purpose : std::uint32_t {
    order = 0,     ///< sample order of an epoch
    partners = 1,  ///< mosaic and mixup partners
    mosaic = 2,    ///< mosaic centre
    affine = 3,
    hsv = 4,
    flip = 5,
    mixup = 6,
    model = 7,   ///< initial weights
    choice = 8,  ///< whether an augmentation is applied
    mosaic9 = 9,
    copy_paste = 10,
    cutmix = 11,
    filter = 12,  ///< blur, gray, local contrast
    // Numbers from 16 on are the trainer's.
    size = 16,  ///< of the pictures of a step
};

/// One block of Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key);

/// Counter-based generator on philox4x32: the stream is a pure function of (seed, epoch, sample,
/// purpose). No state outside the object, so pictures are the same whatever the number of workers,
/// and a sample can be made again alone. A stream holds 2^34 words of 32 bits. sample < 2^56.
class Random {
 public:
    Random(std::uint64_t seed, std::uint32_t epoch, std::uint64_t sample, Purpose purpose);

    std::uint32_t bits();                     ///< 32 random bits
    double uniform();                         ///< [0, 1), 53 bits
    double uniform(double low, double high);  ///< [low, high); low if they are equal
    std::uint64_t below(std::uint64_t n);     ///< 0…n−1 without bias; n ≥ 1

 private:
    std::array<std::uint32_t, 2> key_;
    std::array<std::uint32_t, 4> counter_;
    std::array<std::uint32_t, 4> block_{};
    int used_ = 4;
};

/// A keyed bijection of 0…n−1 (Feistel network with cycle walking): the order of an epoch in O(1)
/// memory and with O(1) seek. Thread-safe after construction.
class Permutation {
 public:
    Permutation(std::uint64_t n, std::uint64_t seed, std::uint32_t epoch);  ///< n ≤ 2^62
    std::uint64_t operator()(std::uint64_t position) const;                 ///< position < n
    /// The inverse: the position at which `value` comes, value < n.
    std::uint64_t position_of(std::uint64_t value) const;
    std::uint64_t size() const { return n_; }

 private:
    static constexpr int rounds = 8;
    std::uint64_t n_;
    int half_bits_;
    std::array<std::uint64_t, rounds> keys_{};
};

}  // namespace yolodata
