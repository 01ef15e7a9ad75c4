// SPDX-License-Identifier: Apache-2.0
#include "formats/zip_archive.hpp"

#include <zlib.h>

#include <vector>

#include "support.hpp"

namespace yolotrain::formats {
namespace {

using namespace test;

std::string le(std::uint64_t value, int count) {
    std::string out;
    for (int i = 0; i < count; ++i) out += static_cast<char>(value >> (8 * i) & 0xffU);
    return out;
}

/// Records of an archive, each field open to lies.
struct Record {
    std::string name, content;
    std::uint32_t header = 0;  ///< set by archive()
    std::uint32_t claimed = 0;
    std::uint16_t flags = 0, method = 0;
};

std::string local(const Record& r) {
    return "PK\3\4" + le(20, 2) + le(r.flags, 2) + le(r.method, 2) + le(0, 16) +
           le(r.name.size(), 2) + le(0, 2) + r.name + r.content;
}

std::string central(const Record& r) {
    const auto crc = crc32(0, reinterpret_cast<const Bytef*>(r.content.data()),
                           static_cast<uInt>(r.content.size()));
    return "PK\1\2" + le(20, 2) + le(20, 2) + le(r.flags, 2) + le(r.method, 2) + le(0, 4) +
           le(crc, 4) + le(r.content.size(), 4) + le(r.content.size() + r.claimed, 4) +
           le(r.name.size(), 2) + le(0, 12) + le(r.header, 4) + r.name;
}

std::string end(std::size_t count, std::size_t size, std::size_t at) {
    return "PK\5\6" + le(0, 4) + le(count, 2) + le(count, 2) + le(size, 4) + le(at, 4) + le(0, 2);
}

std::string archive(std::vector<Record> records) {
    std::string out, directory;
    for (Record& r : records) {
        if (r.header == 0) r.header = static_cast<std::uint32_t>(out.size());
        out += local(r);
        directory += central(r);
    }
    return out + directory + end(records.size(), directory.size(), out.size());
}

std::string content(const std::string& file, const std::string& name) {
    const MemorySource source(bytes(file));
    const ZipArchive zip(source, "w.pt");
    const auto* entry = zip.find(name);
    if (entry == nullptr) return "not there";
    std::string out(entry->size, '\0');
    zip.read(*entry, std::as_writable_bytes(std::span(out)));
    return out;
}

std::string refused(const std::string& file) {
    return refusal([&] { (void)content(file, "a"); });
}

TEST(ZipArchive, RecordsAreFoundByName) {
    const std::string file = archive({{"b", "two"}, {"a", "one"}, {"", "none"}, {"c", ""}});
    EXPECT_EQ(content(file, "a"), "one");
    EXPECT_EQ(content(file, "b"), "two");
    EXPECT_EQ(content(file, "c"), "");
    EXPECT_EQ(content(file, "d"), "not there");
    EXPECT_EQ(content("PK\5\6" + std::string(18, '\0'), "a"), "not there");
}

TEST(ZipArchive, LiesAreRefused) {
    expect_has(refused("PK"), "shorter");
    expect_has(refused("PK\3\4" + std::string(100, 'x')), "central directory is missing");
    expect_has(refused(archive({{"a", "one"}, {"a", "two"}})), "record a stands twice");
    expect_has(refused(archive({{"a", "one", 0, 5}})), "claims 8 bytes out of 3");
    expect_has(refused(archive({{"a", "one", 0, 1U << 31U, 0, 8}})), "claims 2147483651 bytes");
    expect_has(refused(archive({{"a", "one", 0, 0, 1}})), "encrypted");
    expect_has(refused(archive({{"a", "one", 0, 0, 0, 12}})), "method other than deflate");
    expect_has(refused(archive({{"a", "one", 0, 0, 0, 8}})), "cannot be unpacked");
    expect_has(refused(archive({{"a", "one", 3}})), "not where the directory says");
    expect_has(refused(archive({{"a", "one", 1U << 30U}})), "outside the file");
    std::string changed = archive({{"a", "one"}});
    changed[31] ^= 1;
    expect_has(refused(changed), "CRC-32");
    std::string renamed = archive({{"a", "one"}});
    renamed[30] = 'b';
    expect_has(refused(renamed), "differs from its own header");
    std::string counted = archive({{"a", "one"}});
    counted[counted.size() - 12] = 2;
    expect_has(refused(counted), "of several");
    counted[counted.size() - 14] = 2;
    expect_has(refused(counted), "central directory is damaged");
}

TEST(ZipArchive, RecordsThatShareBytesAreRefused) {
    // The second record's header and content lie inside the content of the first.
    Record inner{"b", "two"};
    Record outer{"a", "...." + local(inner)};
    inner.header = 31 + 4;
    const std::string body = local(outer), directory = central(outer) + central(inner);
    expect_has(refused(body + directory + end(2, directory.size(), body.size())), "overlap");
}

TEST(ZipArchive, EveryTruncationIsRefused) {
    const std::string file = vector_file("deflated.pt");
    for (std::size_t n = 0; n < file.size(); ++n) {
        EXPECT_NE(refusal([&] { (void)content(file.substr(0, n), "a"); }), "accepted") << n;
    }
}

}  // namespace
}  // namespace yolotrain::formats
