// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "perceptual_hash.hpp"

namespace yolodata {

/// Finds hashes within a few bits of each other without comparing all pairs: multi-index hashing.
/// The 64 bits are cut into `bits` + 2 pieces; two hashes that differ in at most `bits` bits agree
/// in two pieces or more, so for every two pieces one table is made, by their value, and only what
/// lies in the same place of a table is compared (from 6 bits on: three pieces of `bits` + 3). A
/// table takes 16 bytes a hash and at most 16 MiB; one stands at a time.
///
/// For each query q, and each i in its places, calls visit(q, i) where some turned query lies
/// within `bits` of hash i; an i may come more than once. Within one table i rises. Queries of one
/// table run on all threads of the current arena, each on one thread at a time; tables come one
/// after the other. visit returns false if nothing more is wanted of this place of the table.
using Visit = std::function<bool(std::uint32_t query, std::uint32_t found)>;

struct NearQuery {
    std::span<const std::uint64_t> hashes;    ///< what is searched
    std::span<const PerceptualHash> queries;  ///< each by its turned[0 … turns-1]
    int turns = 8;
    int bits = 4;  ///< 0…max_near_bits
};
constexpr int max_near_bits = 8;

void search_near(const NearQuery& query, const Visit& visit);

}  // namespace yolodata
