// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "inspect/contact_sheet.hpp"
#include "inspect/record_picture.hpp"
#include "shard/format.hpp"
#include "shard/little_endian.hpp"
#include "shard/scan.hpp"
#include "shard/small_set.hpp"
#include "yolodata/core/error.hpp"

namespace tools {
namespace {

namespace format = yolodata::shard::format;
using yolodata::shard::RecordInfo;
using yolodata::shard::ShardSet;
using yolodata::shard::testing::slurp;
using yolodata::shard::testing::spill;

/// A set of one raw record whose label entry says another size, every checksum in order.
void write_crafted(const std::string& dir, std::uint32_t width, std::uint32_t height) {
    yolodata::shard::testing::write_set(dir, 1, 1);
    const std::string path = dir + "/train-00000.yds";
    std::string bytes = slurp(path);
    auto* entry = reinterpret_cast<std::byte*>(bytes.data()) +
                  yolodata::shard::scan_shard(path).entries[0].label_offset;
    yolodata::shard::store_le(entry + 24, width);
    yolodata::shard::store_le(entry + 28, height);
    const std::uint64_t length = format::label_entry_length({entry, format::label_header_bytes});
    yolodata::shard::store_le(entry, format::checksum({entry + 8, length - 8}));
    spill(path, bytes);
}

TEST(Inspect, ARawPictureMustHaveTheLengthThatItsLabelsSay) {
    RecordInfo info;
    info.width = 4;
    info.height = 2;
    EXPECT_EQ(record_picture(info, std::vector<std::uint8_t>(24)).width, 4);
    for (const std::size_t length : {0, 3, 23, 25, 48})
        EXPECT_THROW(record_picture(info, std::vector<std::uint8_t>(length)), yolodata::Error);
    info.width = info.height = -1;  // their product is 1
    EXPECT_THROW(record_picture(info, std::vector<std::uint8_t>(3)), yolodata::Error);
}

TEST(Inspect, ACraftedSizeIsADamagedRecordOnTheSheet) {
    yolodata::shard::testing::TempFolder dir;
    const auto sheet_of = [&](std::uint32_t width, std::uint32_t height) {
        write_crafted(dir.path(), width, height);
        return contact_sheet(dir.path(), yolodata::shard::read_set_index(dir.path()), 2, {}).rgb;
    };
    const auto whole = sheet_of(5, 3);  // as it was
    const auto damaged = sheet_of(4, 3);
    EXPECT_NE(damaged, whole);
    EXPECT_EQ(sheet_of(4000, 4000), damaged);
    EXPECT_EQ(sheet_of(0xFFFFFFFF, 0xFFFFFFFF), damaged);
}

}  // namespace
}  // namespace tools
