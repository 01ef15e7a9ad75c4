// SPDX-License-Identifier: Apache-2.0
// What damage does: every flipped byte is seen or lies in padding, every truncation is seen, and a
// file that shrinks, vanishes or is replaced while it is mapped costs records, never the process.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>

#include "shard/format.hpp"
#include "shard/scan.hpp"
#include "shard/shard_file.hpp"
#include "small_set.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/shard/reader.hpp"

namespace yolodata::shard {
namespace {

using testing::made_up_record;
using testing::slurp;
using testing::spill;
using testing::TempFolder;
using testing::write_set;

constexpr unsigned records = 7;

/// true if every record reads back as it was written; false if damage was noticed. Wrong data that
/// passes for right is a failure.
bool reads_clean(const std::string& dir) {
    try {
        const ShardSet set(dir, "train");
        bool clean = true;
        for (unsigned i = 0; i < records; ++i) {
            const RecordData written = made_up_record(i);
            std::vector<std::uint8_t> payload;
            if (!set.read(i, payload))
                clean = false;
            else
                EXPECT_EQ(payload, written.payload);
            try {
                EXPECT_EQ(set.boxes(i), written.boxes);
                EXPECT_EQ(set.info(i).source, written.source);
            } catch (const Error& e) {
                EXPECT_EQ(e.kind(), ErrorKind::corrupt);
                clean = false;
            }
        }
        return clean;
    } catch (const Error& e) {
        EXPECT_TRUE(e.kind() == ErrorKind::corrupt || e.kind() == ErrorKind::unsupported)
            << e.what();
        return false;
    }
}

/// The padding that docs/shard-format.md allows: what a reader must ignore.
std::vector<bool> padding_of(const std::string& path) {
    const ShardFile file(path, false);
    const format::Footer f = file.header().footer;
    std::vector<bool> padding(f.file_bytes, false);
    const auto mark = [&](std::uint64_t from, std::uint64_t to) {
        std::fill(padding.begin() + from, padding.begin() + to, true);
    };
    const ScannedIndex index = scan_shard(path);
    for (std::size_t i = 0; i < index.entries.size(); ++i) {
        const auto& e = index.entries[i];
        const std::uint64_t next =
            i + 1 < index.entries.size() ? index.entries[i + 1].record_offset : f.labels_offset;
        mark(e.record_offset + format::record_header_bytes + e.payload_bytes, next);
        std::array<std::byte, format::label_header_bytes> head;
        EXPECT_TRUE(file.pread(e.label_offset, head));
        const std::uint64_t end = e.label_offset + format::label_entry_length(head);
        mark(end, format::align_up(end, format::label_align));
    }
    mark(f.labels_offset + f.labels_bytes, f.index_offset);
    mark(f.index_offset + f.index_bytes, f.file_bytes - format::tail_bytes);
    return padding;
}

/// Written in place, as rot does: the file keeps its size and its identity.
void put_byte(const std::string& path, std::size_t at, char byte) {
    FILE* file = std::fopen(path.c_str(), "r+b");
    std::fseek(file, static_cast<long>(at), SEEK_SET);
    std::fputc(static_cast<unsigned char>(byte), file);
    std::fclose(file);
}

TEST(Damage, EveryFlippedByteIsSeenOrLiesInPadding) {
    const TempFolder dir;
    write_set(dir.path(), records, 0);
    const std::string path = dir / "train-00000.yds";
    const std::string good = slurp(path);
    const auto padding = padding_of(path);
    ASSERT_TRUE(reads_clean(dir.path()));
    std::size_t seen = 0;
    for (std::size_t i = 0; i < good.size(); ++i) {
        put_byte(path, i, static_cast<char>(good[i] ^ 0x10));
        const bool clean = reads_clean(dir.path());
        EXPECT_EQ(clean, padding[i]) << "byte " << i;
        seen += !clean;
        put_byte(path, i, good[i]);
    }
    EXPECT_GT(seen, 4096u + records * 64);
    EXPECT_TRUE(reads_clean(dir.path()));
}

/// What a set holds, record after record; empty if damage was noticed anywhere.
std::vector<std::string> content_of(const std::string& dir) {
    std::vector<std::string> content;
    try {
        const ShardSet set(dir, "train");
        for (std::uint64_t i = 0; i < set.size(); ++i) {
            std::vector<std::uint8_t> payload;
            if (!set.read(i, payload)) return {};
            const Geometry g = set.geometry(i);
            std::string record(payload.begin(), payload.end());
            const auto append = [&](const auto& values) {
                record.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof values[0]);
            };
            append(g.vertex_counts), append(g.vertices), append(g.keypoint_values);
            for (const Box& b : set.boxes(i)) append(std::array{float(b.cls), b.x, b.y, b.w, b.h});
            content.push_back(record + set.info(i).source);
        }
    } catch (const Error& e) {
        EXPECT_TRUE(e.kind() == ErrorKind::corrupt || e.kind() == ErrorKind::unsupported) << e.what();
        return {};
    }
    return content;
}

TEST(Damage, EveryFlippedByteOfPolygonsAndKeyPointsIsSeenOrLiesInPadding) {
    for (const std::string kind : {"segment", "pose3"}) {
        const TempFolder dir;
        std::filesystem::copy(std::string(YOLO_VECTORS) + "/shards/v1.1/" + kind, dir.path(),
                              std::filesystem::copy_options::recursive);
        const std::string path = dir / "train-00000.yds", good = slurp(path);
        const auto padding = padding_of(path);
        const auto expected = content_of(dir.path());
        ASSERT_FALSE(expected.empty());
        // What stands before the labels is as in every shard.
        const std::uint64_t labels = ShardFile(path, false).header().footer.labels_offset;
        for (std::size_t i = labels; i < good.size(); ++i) {
            put_byte(path, i, static_cast<char>(good[i] ^ 0x01));
            const auto content = content_of(dir.path());
            EXPECT_EQ(!content.empty(), padding[i]) << kind << " byte " << i;
            if (!content.empty()) {
                EXPECT_EQ(content, expected);
            }
            put_byte(path, i, good[i]);
        }
    }
}

TEST(Damage, EveryTruncationIsSeen) {
    const TempFolder dir;
    write_set(dir.path(), records, 0);
    const std::string path = dir / "train-00000.yds";
    const std::string good = slurp(path);
    for (std::size_t length = 0; length < good.size(); length += 61) {
        spill(path, good.substr(0, length));
        EXPECT_FALSE(reads_clean(dir.path())) << length;
    }
    spill(path, good + "x");
    EXPECT_FALSE(reads_clean(dir.path())) << "longer";
}

TEST(Damage, EveryByteOfTheIndexFileMayGoWrongWithoutWrongData) {
    const TempFolder dir;
    write_set(dir.path(), records, 0);
    const std::string good = slurp(dir / "index.json");
    for (std::size_t i = 0; i < good.size(); ++i) {
        std::string bad = good;
        bad[i] ^= 0x04;
        spill(dir / "index.json", bad);
        try {
            const ShardSet set(dir.path(), "train");
            EXPECT_EQ(set.size(), records);
        } catch (const Error&) {
        }
    }
}

/// Opens a set with two shards' worth of pages in one file, lets `harm` loose on the file and
/// counts the records that still read. None may read wrongly.
unsigned survivors(const std::function<void(const std::string& path)>& harm) {
    const TempFolder dir;
    constexpr unsigned n = 200;
    SetWriter writer(dir.path(), testing::made_up_index());
    writer.begin_split("train");
    for (unsigned i = 0; i < n; ++i) {
        RecordData r;
        r.width = r.height = 40;
        r.payload.assign(4800, static_cast<std::uint8_t>(i));
        r.checksum = payload_checksum(r.payload);
        r.source = std::to_string(i);
        writer.add(r);
    }
    spill(dir / "index.json", to_json(writer.finish(testing::source_digest)));
    const ShardSet set(dir.path(), "train");
    std::vector<std::uint8_t> payload;
    EXPECT_TRUE(set.read(0, payload));  // the window is mapped now
    harm(dir / "train-00000.yds");
    unsigned good = 0;
    for (unsigned i = 0; i < n; ++i) {
        if (!set.read(i, payload)) continue;
        EXPECT_EQ(payload, std::vector<std::uint8_t>(4800, static_cast<std::uint8_t>(i)));
        ++good;
    }
    try {
        set.info(n - 1);
    } catch (const Error& e) {
        EXPECT_EQ(e.kind(), ErrorKind::corrupt);
    }
    return good;
}

TEST(Damage, AFileThatShrinksWhileMappedCostsRecordsOnly) {
    // The index lies at the end, so whatever is cut off, no record can be found any more; nothing
    // dies.
    for (const long length : {0L, 4096L, 5000L, 409600L, 900000L})
        EXPECT_EQ(survivors([&](const std::string& path) {
                      ASSERT_EQ(::truncate(path.c_str(), length), 0);
                  }),
                  0u)
            << length;
}

TEST(Damage, AHoleWhereDataWasCostsItsRecordsOnly) {
    const unsigned good = survivors([](const std::string& path) {
        std::string bytes = slurp(path);
        std::fill(bytes.begin() + 100000, bytes.begin() + 120000, '\0');
        FILE* file = std::fopen(path.c_str(), "r+b");
        std::fwrite(bytes.data(), 1, bytes.size(), file);
        std::fclose(file);
    });
    EXPECT_GE(good, 193u);  // 20,000 bytes touch at most six records
    EXPECT_LE(good, 197u);
}

TEST(Damage, ADeletedOrReplacedFileIsReadToTheEnd) {
    EXPECT_EQ(survivors([](const std::string& path) { ::unlink(path.c_str()); }), 200u);
    EXPECT_EQ(survivors([](const std::string& path) {
                  spill(path + ".new", "something else");
                  ASSERT_EQ(::rename((path + ".new").c_str(), path.c_str()), 0);
              }),
              200u);
}

TEST(Damage, AShardOfAnotherSetIsNotTaken) {
    const TempFolder a, b;
    write_set(a.path(), records, 0);
    write_set(b.path(), records, 3);
    std::filesystem::copy_file(b / "val-00000.yds", a / "train-00000.yds",
                               std::filesystem::copy_options::overwrite_existing);
    EXPECT_THROW(ShardSet(a.path(), "train"), Error);
}

TEST(Damage, NoNameInTheIndexLeadsOutOfTheFolder) {
    const TempFolder dir;
    SetIndex index = write_set(dir.path(), 1, 0);
    for (const std::string name : {"../train-00000.yds", "/etc/passwd", "", ".hidden", "a/b"}) {
        index.shards[0].file = name;
        index.digest = set_digest(index.shards);
        spill(dir / "index.json", to_json(index));
        EXPECT_THROW(read_set_index(dir.path()), Error) << name;
    }
}

}  // namespace
}  // namespace yolodata::shard
