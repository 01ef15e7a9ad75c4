// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

// The JSON header of a safetensors file, without torch, so that it can be fuzzed alone. Layout of
// the file: u64 little-endian header length, header (JSON object, padded with spaces), tensor data.
// Every entry has dtype, shape and data_offsets [begin, end) relative to the data; `__metadata__`
// maps strings to strings.

namespace yolotrain::formats {

struct TensorEntry {
    std::string name;
    std::string dtype;                 ///< "F32", "I64" …
    std::vector<std::int64_t> shape;   ///< empty = scalar
    std::uint64_t begin = 0, end = 0;  ///< bytes, relative to the data
};

struct SafetensorsHeader {
    std::vector<TensorEntry> tensors;  ///< ascending by begin: together they cover the data exactly
    std::map<std::string, std::string> metadata;
};

/// A header may not be longer, whatever the file's size: the format's own limit.
constexpr std::uint64_t max_header_bytes = 100'000'000;

/// Bytes of an element, or 0 for a type that this reader does not know.
std::uint64_t element_size(std::string_view dtype);

/// Reads and checks a header: known types, shapes that fit their bytes, no overlap, no hole, no
/// name twice, and data_bytes covered to the last. Throws yolodata::Error(corrupt), whose message
/// begins with `path`.
SafetensorsHeader parse_safetensors_header(std::string_view json, std::uint64_t data_bytes,
                                           const std::string& path);

/// The header for these tensors, padded to a multiple of 8 bytes.
std::string format_safetensors_header(const SafetensorsHeader& header);

}  // namespace yolotrain::formats
