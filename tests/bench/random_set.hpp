// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>

#include "yolodata/core/atomic_file.hpp"
#include "yolodata/shard/set_index.hpp"
#include "yolodata/shard/writer.hpp"

namespace bench {

inline constexpr int side = 640;
inline constexpr std::size_t picture_bytes = std::size_t{side} * side * 3;

/// Writes a raw split "train" of `records` random pictures of 640 x 640 into the folder: random
/// enough that no line of memory is like another.
inline void write_random_set(const std::string& dir, std::uint64_t records) {
    using namespace yolodata::shard;
    SetIndex index;
    index.tool = "yolodata bench";
    SetWriter writer(dir, index);
    writer.begin_split("train");
    std::mt19937_64 random(1);
    RecordData r;
    r.width = r.height = r.source_width = r.source_height = side;
    r.payload.resize(picture_bytes);
    for (std::uint64_t i = 0; i < records; ++i) {
        for (std::size_t k = 0; k + 8 <= picture_bytes; k += 64) {
            const std::uint64_t bits = random();
            std::memcpy(r.payload.data() + k, &bits, 8);
        }
        r.checksum = payload_checksum(r.payload);
        r.source = std::to_string(i);
        writer.add(r);
    }
    yolodata::write_file_atomically(dir + "/" + index_file,
                                    to_json(writer.finish("sha256:" + std::string(64, '0'))));
}

}  // namespace bench
