// SPDX-License-Identifier: Apache-2.0
// reader SHARDS SPLIT: reads every record of a split, checks it, and counts pictures and boxes.
#include <yolodata/core/error.hpp>
#include <yolodata/shard/reader.hpp>

#include <cstdio>

int main(int argc, char** argv) {
    if (argc != 3) return std::fprintf(stderr, "usage: reader SHARDS SPLIT\n"), 2;
    try {
        const yolodata::shard::ShardSet set(argv[1], argv[2]);
        std::vector<std::uint8_t> pixels;  // one buffer for all records
        std::size_t boxes = 0, bad = 0, bytes = 0;
        for (std::uint64_t i = 0; i < set.size(); ++i) {
            if (!set.read(i, pixels)) {
                std::fprintf(stderr, "bad record %s\n", set.info(i).source.c_str());
                ++bad;
                continue;
            }
            bytes += pixels.size();
            boxes += set.boxes(i).size();
        }
        std::printf("%llu records, %zu boxes, %zu bytes, %zu bad\n", static_cast<unsigned long long>(set.size()), boxes,
                    bytes, bad);
        return bad == 0 ? 0 : 1;
    } catch (const yolodata::Error& e) {
        return std::fprintf(stderr, "reader: %s\n", e.what()), 3;
    }
}
