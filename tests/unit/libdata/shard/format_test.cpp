// SPDX-License-Identifier: Apache-2.0
#include "shard/format.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "yolodata/core/error.hpp"

namespace yolodata::shard::format {
namespace {

FileHeader some_header() {
    FileHeader h;
    h.compat = 0x8000000000000000;  // an unknown compatible bit is no obstacle
    h.uuid = make_uuid(h, 1, 2);
    h.records = 3;
    h.first_record = 0x1'0000'0000;
    h.footer = {8192, 100, 0x12'3456'7000, 200, 0x12'3456'8000};
    h.schema = R"({"split":"train"})";
    return h;
}

template <std::size_t N>
void reseal(std::array<std::byte, N>& bytes) {
    const auto sum = checksum(Bytes(bytes).first(N - 8));
    for (std::size_t i = 0; i < 8; ++i) bytes[N - 8 + i] = static_cast<std::byte>(sum >> (8 * i));
}

TEST(Format, HeaderComesBackAsItWas) {
    const FileHeader h = some_header();
    const FileHeader back = decode_header(encode(h), "x.yds");
    EXPECT_EQ(back.compat, h.compat);
    EXPECT_EQ(back.uuid, h.uuid);
    EXPECT_EQ(back.records, h.records);
    EXPECT_EQ(back.first_record, h.first_record);
    EXPECT_EQ(back.footer, h.footer);
    EXPECT_EQ(back.schema, h.schema);
}

TEST(Format, BytesLieWhereTheDocumentSays) {
    const auto bytes = encode(some_header());
    const std::string start(reinterpret_cast<const char*>(bytes.data()), 16);
    EXPECT_EQ(start, std::string("\x89YDS\r\n\x1a\n\x01\x00\x00\x00\x04\x03\x02\x01", 16));
    EXPECT_EQ(bytes[72], std::byte{0x00});  // index_offset 0x12'3456'7000, low byte first
    EXPECT_EQ(bytes[73], std::byte{0x70});
    EXPECT_EQ(bytes[76], std::byte{0x12});
}

TEST(Format, ChecksumIsXxh3OfSeedZero) {
    // XXH3-64 of no bytes and of "a", as xxhsum -H3 prints them.
    EXPECT_EQ(checksum({}), 0x2d06800538d394c2u);
    const std::byte a{'a'};
    EXPECT_EQ(checksum({&a, 1}), 0xe6c632b61e964e1fu);
}

TEST(Format, EveryFlippedBitOfAHeaderIsSeen) {
    const auto good = encode(some_header());
    for (std::size_t i = 0; i < good.size(); ++i) {
        auto bad = good;
        bad[i] ^= std::byte{1};
        EXPECT_THROW(decode_header(bad, "x.yds"), Error) << "byte " << i;
    }
}

TEST(Format, OtherMajorVersionAndUnknownIncompatibleFeaturesAreRefused) {
    auto major = encode(some_header());
    major[8] = std::byte{2};
    reseal(major);
    auto feature = encode(some_header());
    feature[24] = std::byte{1};
    reseal(feature);
    for (const auto& bytes : {major, feature}) {
        try {
            decode_header(bytes, "x.yds");
            ADD_FAILURE() << "was read";
        } catch (const Error& e) {
            EXPECT_EQ(e.kind(), ErrorKind::unsupported);
            EXPECT_THAT(e.what(), testing::StartsWith("x.yds: "));
        }
    }
}

TEST(Format, NewerMinorVersionIsRead) {
    FileHeader h = some_header();
    h.minor = 7;
    EXPECT_EQ(decode_header(encode(h), "x.yds").minor, 7);
}

TEST(Format, TailSectionRecordAndIndexEntriesComeBack) {
    const Footer footer{4096, 80, 8192, 96, 12345};
    EXPECT_EQ(decode_tail(encode_tail(footer), "x"), footer);
    const auto section = decode_section(encode(SectionHeader{SectionKind::index, 96, 2, 1, 77, 5}));
    ASSERT_TRUE(section);
    EXPECT_EQ(section->kind, SectionKind::index);
    EXPECT_EQ(section->body_bytes, 96u);
    EXPECT_EQ(section->first_record, 5u);
    RecordHeader r;
    r.starts_block = true;
    r.number = 9;
    r.width = 640;
    r.height = 480;
    r.codec = 1;
    r.payload_bytes = 1234;
    r.label_checksum = 42;
    const auto record = decode_record(encode(r));
    ASSERT_TRUE(record);
    EXPECT_TRUE(record->starts_block);
    EXPECT_EQ(record->number, 9u);
    EXPECT_EQ(record->width, 640u);
    EXPECT_EQ(record->codec, 1u);
    EXPECT_EQ(record->payload_bytes, 1234u);
    EXPECT_EQ(record->label_checksum, 42u);
    const IndexEntry entry{64, 72, 99, 0xfedcba9876543210};
    EXPECT_EQ(decode_index_entry(encode(entry)), entry);
    const BlockEntry block{4096, 128, 3, 2};
    EXPECT_EQ(decode_block_entry(encode(block)), block);
}

/// Length and checksum of a label entry that was changed.
void reseal(std::vector<std::byte>& entry) {
    for (std::size_t i = 0; i < 4; ++i) entry[8 + i] = static_cast<std::byte>(entry.size() >> (8 * i));
    const auto sum = checksum(Bytes(entry).subspan(8));
    for (std::size_t i = 0; i < 8; ++i) entry[i] = static_cast<std::byte>(sum >> (8 * i));
}

TEST(Format, LabelEntryComesBackAndMayGrow) {
    LabelEntry e;
    e.number = 7;
    e.width = 10;
    e.height = 20;
    e.boxes = {{2, 0.5f, 0.25f, 1.0f, 0.125f}, {-1, -0.01f, 0, 0, 0}};
    e.source = "images/a.jpg";
    std::uint64_t sum = 0;
    auto bytes = encode(e, sum);
    auto back = decode_label(bytes);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->boxes, e.boxes);
    EXPECT_EQ(back->source, e.source);
    EXPECT_EQ(label_entry_checksum(bytes), sum);

    // A later minor version adds an extension: old readers pass over a kind that they do not know.
    bytes.resize(align_up(bytes.size(), 8));
    for (const int b : {99, 0, 0, 0, 3, 0, 0, 0, 1, 2, 3}) bytes.push_back(static_cast<std::byte>(b));
    reseal(bytes);
    back = decode_label(bytes);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->boxes, e.boxes);
    EXPECT_EQ(back->source, e.source);
    EXPECT_TRUE(back->geometry.empty());
}

TEST(Format, GeometryComesBackAtEveryAlignment) {
    for (const std::size_t length : {1u, 2u, 4u, 7u, 8u, 9u}) {
        LabelEntry e;
        e.boxes.resize(2);
        e.source = std::string(length, 's');
        e.geometry.vertex_counts = {0, 3};
        e.geometry.vertices = {0, 0.25f, 0.5f, 1, -0.005f, 1.005f};
        e.geometry.keypoints = 2, e.geometry.keypoint_dims = 3;
        e.geometry.keypoint_values = {0.1f, 0.2f, 2, 0, 0, 0, 0.3f, 0.4f, 1, 1, 1, 2};
        std::uint64_t sum = 0;
        const auto bytes = encode(e, sum);
        EXPECT_EQ(bytes.size(), label_entry_bytes(2, length, e.geometry));
        const auto back = decode_label(bytes);
        ASSERT_TRUE(back);
        EXPECT_EQ(back->geometry, e.geometry);
    }
}

TEST(Format, GeometryWithImpossibleLengthsIsRefused) {
    LabelEntry e;
    e.boxes.resize(2);
    e.source = "12345678";  // the extension begins at 48 + 40 + 8 = 96
    e.geometry.vertex_counts = {1, 3};
    e.geometry.vertices.resize(8);
    std::uint64_t sum = 0;
    const auto whole = encode(e, sum);
    ASSERT_TRUE(decode_label(whole));
    const auto refused = [&](std::size_t at, int value) {
        auto bytes = whole;
        bytes[at] = static_cast<std::byte>(value);
        reseal(bytes);
        return !decode_label(bytes);
    };
    EXPECT_TRUE(refused(100, 41)) << "body longer than the entry";
    EXPECT_TRUE(refused(100, 4)) << "body shorter than its counts";
    EXPECT_TRUE(refused(103, 0xff)) << "body of 4 GiB";
    EXPECT_TRUE(refused(104, 2)) << "one vertex too many";
    EXPECT_TRUE(refused(107, 0xff)) << "four billion vertices";
    EXPECT_TRUE(refused(96, 2)) << "polygons read as key points";
    auto cut = whole;
    cut.resize(100);
    reseal(cut);
    EXPECT_FALSE(decode_label(cut)) << "half a header";
}

TEST(Format, LabelEntryWithImpossibleLengthsIsRefusedBeforeItIsRead) {
    LabelEntry e;
    e.boxes.resize(2);
    e.source = "s";
    std::uint64_t sum = 0;
    auto bytes = encode(e, sum);
    bytes[15] = std::byte{0xff};  // rows: over four billion
    EXPECT_EQ(label_entry_length(bytes), 0u);
    EXPECT_FALSE(decode_label(bytes));
}

TEST(Format, UuidIsOfVersion8AndDependsOnContent) {
    const FileHeader h = some_header();
    const std::string text = to_string(make_uuid(h, 1, 2));
    EXPECT_THAT(text, testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
    EXPECT_EQ(text, to_string(make_uuid(h, 1, 2)));
    EXPECT_NE(text, to_string(make_uuid(h, 1, 3)));
    EXPECT_NE(text, to_string(make_uuid(h, 2, 2)));
}

}  // namespace
}  // namespace yolodata::shard::format
