// SPDX-License-Identifier: Apache-2.0
#include "shard/scan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "shard/shard_file.hpp"
#include "small_set.hpp"

namespace yolodata::shard {
namespace {

using testing::TempFolder;

/// The index as the file stores it.
ScannedIndex stored_index(const ShardFile& file) {
    ScannedIndex index;
    for (std::uint64_t i = 0; i < file.header().records; ++i) {
        std::array<std::byte, format::index_entry_bytes> raw;
        EXPECT_TRUE(file.pread(file.entry_offset(i), raw));
        index.entries.push_back(format::decode_index_entry(raw));
        index.numbers.push_back(file.header().first_record + i);
    }
    for (std::uint64_t i = 0; i < file.blocks(); ++i) {
        std::array<std::byte, format::block_entry_bytes> raw;
        EXPECT_TRUE(file.pread(file.entry_offset(file.header().records) + i * raw.size(), raw));
        index.blocks.push_back(format::decode_block_entry(raw));
    }
    return index;
}

/// 60 records of 120 kB: two blocks of 4 MiB.
std::string write_two_blocks(const TempFolder& dir) {
    SetWriter writer(dir.path(), testing::made_up_index());
    writer.begin_split("train");
    for (unsigned i = 0; i < 60; ++i) {
        RecordData r;
        r.width = r.height = 200;
        r.payload.assign(120000, static_cast<std::uint8_t>(i));
        r.checksum = payload_checksum(r.payload);
        r.boxes.resize(i % 4);
        r.source = std::to_string(i);
        writer.add(r);
    }
    writer.finish(testing::source_digest);
    return dir / "train-00000.yds";
}

TEST(Scan, RebuildsExactlyTheIndexThatWasWritten) {
    const TempFolder dir;
    const std::string path = write_two_blocks(dir);
    const ScannedIndex stored = stored_index(ShardFile(path, false)), scanned = scan_shard(path);
    EXPECT_EQ(scanned.entries, stored.entries);
    EXPECT_EQ(scanned.numbers, stored.numbers);
    EXPECT_EQ(scanned.blocks, stored.blocks);
    ASSERT_EQ(scanned.blocks.size(), 2u);
    EXPECT_EQ(scanned.blocks[1].offset % format::page, 0u);
}

TEST(Scan, NeedsNeitherHeaderNorIndexNorTail) {
    const TempFolder dir;
    const std::string path = write_two_blocks(dir);
    const ScannedIndex whole = scan_shard(path);
    std::string bytes = testing::slurp(path);
    const auto index_offset = ShardFile(path, false).header().footer.index_offset;
    std::fill(bytes.begin(), bytes.begin() + format::header_bytes, '\xee');
    bytes.resize(index_offset);
    testing::spill(path, bytes);
    const ScannedIndex scanned = scan_shard(path);
    EXPECT_EQ(scanned.entries, whole.entries);
    EXPECT_EQ(scanned.blocks, whole.blocks);
}

TEST(Scan, ADamagedHeaderCostsItsRecordOnly) {
    const TempFolder dir;
    const std::string path = write_two_blocks(dir);
    const ScannedIndex whole = scan_shard(path);
    std::string bytes = testing::slurp(path);
    bytes[whole.entries[10].record_offset + 20] ^= 1;
    bytes[whole.entries[20].label_offset + 9] ^= 1;
    testing::spill(path, bytes);
    const ScannedIndex scanned = scan_shard(path);
    ASSERT_EQ(scanned.entries.size(), 59u);
    EXPECT_EQ(scanned.numbers[10], 11u);
    EXPECT_EQ(scanned.entries[10], whole.entries[11]);
    EXPECT_EQ(scanned.entries[19].label_offset,
              0u);  // record 20: its label entry is the damaged one
    EXPECT_EQ(scanned.entries[20], whole.entries[21]);
}

}  // namespace
}  // namespace yolodata::shard
