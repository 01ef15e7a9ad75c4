// SPDX-License-Identifier: Apache-2.0
// Opening a huge set: open_set_bench [SHARDS RECORDS_A_SHARD]; default 1,000 shards of 10,000
// records. The pictures and labels of the set, made in $TMPDIR, are holes: opening touches none of
// them.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include "shard/format.hpp"
#include "yolodata/core/atomic_file.hpp"
#include "yolodata/shard/reader.hpp"
#include "yolodata/shard/set_index.hpp"

namespace {

using namespace yolodata::shard;

void append(std::string& to, std::span<const std::byte> bytes) {
    to.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

/// One shard of `records` records of 64 bytes without content, and labels of 64 bytes each.
ShardEntry write_shard(const std::string& dir, std::uint64_t number, std::uint64_t records) {
    ShardEntry entry;
    char name[32];
    std::snprintf(name, sizeof name, "train-%05u.yds", static_cast<unsigned>(number));
    entry.file = name;
    entry.split = "train";
    entry.records = records;
    entry.first_record = number * records;
    format::FileHeader header;
    header.records = records;
    header.first_record = entry.first_record;
    format::Footer& f = header.footer;
    f.labels_offset = format::align_up(format::header_bytes + records * 64, format::page);
    f.labels_bytes = format::section_header_bytes + records * 64;
    f.index_offset = format::align_up(f.labels_offset + f.labels_bytes, format::page);
    std::string body;
    for (std::uint64_t i = 0; i < records; ++i)
        append(body, format::encode(format::IndexEntry{format::header_bytes + i * 64,
                                                       f.labels_offset + 64 + i * 64, 0, i}));
    append(body, format::encode(format::BlockEntry{format::header_bytes, records * 64,
                                                   entry.first_record, records}));
    f.index_bytes = format::section_header_bytes + body.size();
    f.file_bytes =
        format::align_up(f.index_offset + f.index_bytes, format::record_align) + format::tail_bytes;
    const auto section = [&](format::SectionKind kind, std::uint64_t bytes, std::uint64_t items,
                             std::uint64_t checksum) {
        return format::encode(
            format::SectionHeader{kind, bytes, records, items, checksum, entry.first_record});
    };
    const auto index_checksum = format::checksum(std::as_bytes(std::span(body)));
    header.uuid = format::make_uuid(header, 0, index_checksum);
    std::ofstream file(dir + "/" + entry.file, std::ios::binary);
    const auto put = [&](std::uint64_t at, std::span<const std::byte> bytes) {
        file.seekp(static_cast<std::streamoff>(at));
        file.write(reinterpret_cast<const char*>(bytes.data()),
                   static_cast<std::streamsize>(bytes.size()));
    };
    put(0, format::encode(header));
    put(f.labels_offset, section(format::SectionKind::labels, records * 64, 0, 0));
    put(f.index_offset, section(format::SectionKind::index, body.size(), 1, index_checksum));
    put(f.index_offset + format::section_header_bytes, std::as_bytes(std::span(body)));
    put(f.file_bytes - format::tail_bytes, format::encode_tail(f));
    entry.bytes = f.file_bytes;
    entry.uuid = format::to_string(header.uuid);
    entry.sha256 = std::string(64, '0');
    return entry;
}

double peak_mib() {
    struct rusage usage;
    ::getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024;
}

void time_open(const std::string& dir, const char* label) {
    const auto start = std::chrono::steady_clock::now();
    const ShardSet set(dir, "train");
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::printf("%-5s %llu records in %zu shards: %.3f s, peak %.0f MiB\n", label,
                static_cast<unsigned long long>(set.size()), set.index().shards.size(), seconds,
                peak_mib());
}

/// Asks the kernel to forget the files of a folder.
void cool(const std::string& dir) {
    for (const auto& entry : std::filesystem::directory_iterator(dir)) {
        FILE* file = std::fopen(entry.path().c_str(), "rb");
        if (file == nullptr) continue;
        ::fsync(::fileno(file));
        ::posix_fadvise(::fileno(file), 0, 0, POSIX_FADV_DONTNEED);
        std::fclose(file);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::uint64_t shards = argc > 2 ? std::stoull(argv[1]) : 1000,
                        records = argc > 2 ? std::stoull(argv[2]) : 10000;
    std::string dir = (std::filesystem::temp_directory_path() / "yolo-open-bench-XXXXXX").string();
    if (::mkdtemp(dir.data()) == nullptr) return 1;
    SetIndex index;
    index.tool = "yolodata bench";
    index.splits.push_back({"train", shards * records, 0, 0, 0});
    for (std::uint64_t i = 0; i < shards; ++i) index.shards.push_back(write_shard(dir, i, records));
    index.digest = set_digest(index.shards);
    index.source_digest = "sha256:" + std::string(64, '0');
    yolodata::write_file_atomically(dir + "/index.json", to_json(index));
    std::printf("made; peak %.0f MiB\n", peak_mib());
    for (int i = 0; i < 3; ++i) time_open(dir, "warm");
    cool(dir);
    time_open(dir, "cold");
    std::filesystem::remove_all(dir);
}
