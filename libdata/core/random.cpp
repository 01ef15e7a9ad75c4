// SPDX-License-Identifier: Apache-2.0
#include "yolodata/core/random.hpp"

#include <cmath>

namespace yolodata {
namespace {

// Finaliser of splitmix64 (Steele et al. 2014): every input bit reaches every output bit.
std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

}  // namespace

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key) {
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t a = std::uint64_t{0xD2511F53u} * counter[0];
        const std::uint64_t b = std::uint64_t{0xCD9E8D57u} * counter[2];
        counter = {static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0],
                   static_cast<std::uint32_t>(b),
                   static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1],
                   static_cast<std::uint32_t>(a)};
        key[0] += 0x9E3779B9u;
        key[1] += 0xBB67AE85u;
    }
    return counter;
}

// The purpose takes the top byte above the sample number, so that no two streams share a counter.
Random::Random(std::uint64_t seed, std::uint32_t epoch, std::uint64_t sample, Purpose purpose)
    : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
      counter_{0, static_cast<std::uint32_t>(sample),
               static_cast<std::uint32_t>(sample >> 32) | static_cast<std::uint32_t>(purpose) << 24,
               epoch} {}

std::uint32_t Random::bits() {
    if (used_ == 4) {
        block_ = philox4x32(counter_, key_);
        ++counter_[0];
        used_ = 0;
    }
    return block_[used_++];
}

double Random::uniform() {
    const std::uint64_t high = bits() >> 5, low = bits() >> 6;
    return static_cast<double>(high << 26 | low) * 0x1p-53;
}

double Random::uniform(double low, double high) {
    if (!(low < high)) return low;
    const double x = low + (high - low) * uniform();
    return x < high ? x : std::nextafter(high, low);  // the sum may round up to `high`
}

std::uint64_t Random::below(std::uint64_t n) {
    const std::uint64_t uneven =
        (0 - n) % n;  // 2^64 mod n: values under it would come once too often
    for (;;) {
        const std::uint64_t high = bits(), low = bits();
        const std::uint64_t x = high << 32 | low;
        if (x >= uneven) return x % n;
    }
}

Permutation::Permutation(std::uint64_t n, std::uint64_t seed, std::uint32_t epoch)
    : n_(n), half_bits_(1) {
    while (half_bits_ < 31 && (std::uint64_t{1} << 2 * half_bits_) < n) ++half_bits_;
    Random random(seed, epoch, 0, Purpose::order);
    for (auto& key : keys_) {
        key = random.bits();
        key = key << 32 | random.bits();
    }
}

std::uint64_t Permutation::operator()(std::uint64_t position) const {
    const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
    do {  // the network permutes 4^half_bits values, at most four times n: walk on until one lies
          // below n
        std::uint64_t left = position >> half_bits_, right = position & mask;
        for (const std::uint64_t key : keys_) {
            const std::uint64_t next = left ^ (mix(right + key) & mask);
            left = right;
            right = next;
        }
        position = left << half_bits_ | right;
    } while (position >= n_);
    return position;
}

std::uint64_t Permutation::position_of(std::uint64_t value) const {
    const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
    do {  // the same rounds backwards; the walk of operator() is gone back step by step
        std::uint64_t left = value >> half_bits_, right = value & mask;
        for (auto key = keys_.rbegin(); key != keys_.rend(); ++key) {
            const std::uint64_t before = right ^ (mix(left + *key) & mask);
            right = left;
            left = before;
        }
        value = left << half_bits_ | right;
    } while (value >= n_);
    return value;
}

}  // namespace yolodata
