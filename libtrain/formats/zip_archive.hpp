// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "byte_source.hpp"

namespace yolotrain::formats {

/// The records of a zip archive (PKWARE's APPNOTE 6.3: central directory, zip64, methods "stored"
/// and "deflate"), as torch.save writes them. Everything is checked when it is opened: the central
/// directory lies at the end and is complete, names are unique, each local header agrees with it,
/// and no two records share a byte. Messages begin with `path`; errors are
/// yolodata::Error(corrupt), or (unsupported) for encrypted records, other methods and archives of
/// several parts.
class ZipArchive {
 public:
    struct Entry {
        std::string name;
        std::uint64_t size = 0;    ///< bytes when unpacked
        std::uint64_t packed = 0;  ///< bytes in the archive
        std::uint64_t header = 0;  ///< offset of the local header
        std::uint64_t data = 0;    ///< offset of the record's bytes
        std::uint32_t crc = 0;
        bool deflated = false;
    };

    /// `source` outlives the archive.
    ZipArchive(const ByteSource& source, std::string path);

    const std::vector<Entry>& entries() const { return entries_; }  ///< sorted by name
    const Entry* find(std::string_view name) const;                 ///< nullptr: not there

    /// Unpacks a record into `out`, whose size is the entry's, and compares its CRC-32. Const, many
    /// threads may read.
    void read(const Entry& entry, std::span<std::byte> out) const;

 private:
    const ByteSource& source_;
    std::string path_;
    std::vector<Entry> entries_;
};

/// Whether a file begins as a zip archive does.
bool looks_like_zip(const ByteSource& source);

}  // namespace yolotrain::formats
