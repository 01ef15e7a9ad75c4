// SPDX-License-Identifier: Apache-2.0
// The header of a safetensors file. What is accepted covers its data exactly and reads back as it
// was written.
#include "formats/safetensors_header.hpp"

#include <cstring>

#include "fuzz.hpp"
#include "yolodata/core/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace yolotrain::formats;
    std::uint64_t length = 0;
    if (size < sizeof(length)) return 0;
    std::memcpy(&length, data, sizeof(length));
    const std::size_t rest = size - sizeof(length);
    if (length > rest) return 0;  // the file's reader refuses it
    const auto json = fuzz::text(data + sizeof(length), static_cast<std::size_t>(length));
    try {
        const auto header = parse_safetensors_header(json, rest - length, "w");
        std::uint64_t at = 0;
        for (const auto& tensor : header.tensors) {
            fuzz::demand(tensor.begin == at && tensor.end >= at, "tensors follow each other");
            at = tensor.end;
        }
        fuzz::demand(at == rest - length, "tensors cover the data");
        const std::string text = format_safetensors_header(header);
        const auto again = parse_safetensors_header(text, rest - length, "w");
        fuzz::demand(again.metadata == header.metadata, "the same metadata");
        fuzz::demand(again.tensors.size() == header.tensors.size(), "as many tensors");
        for (std::size_t i = 0; i < header.tensors.size(); ++i) {
            const auto &a = header.tensors[i], &b = again.tensors[i];
            fuzz::demand(a.name == b.name && a.dtype == b.dtype && a.shape == b.shape &&
                             a.begin == b.begin && a.end == b.end,
                         "the same tensors");
        }
    } catch (const yolodata::Error& error) {
        fuzz::demand(error.kind() == yolodata::ErrorKind::corrupt, "a bad header is corrupt");
    }
    return 0;
}
