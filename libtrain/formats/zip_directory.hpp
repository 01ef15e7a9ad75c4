// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "zip_archive.hpp"

namespace yolotrain::formats {

/// The central directory of an archive: entries as it lists them, `data` not known yet.
struct ZipDirectory {
    std::vector<ZipArchive::Entry> entries;
    std::uint64_t begin = 0;  ///< offset of the directory: records end before it
};

/// Finds and reads it. Throws yolodata::Error(corrupt | unsupported).
ZipDirectory read_zip_directory(const ByteSource& source, const std::string& path);

[[noreturn]] void refuse_zip(const std::string& path, const std::string& what);

/// Little-endian numbers at an offset of a buffer; the caller has checked that they lie in it.
std::uint16_t u16_at(const std::vector<std::byte>& bytes, std::size_t at);
std::uint32_t u32_at(const std::vector<std::byte>& bytes, std::size_t at);
std::uint64_t u64_at(const std::vector<std::byte>& bytes, std::size_t at);

}  // namespace yolotrain::formats
