// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "formats/byte_source.hpp"
#include "formats/safetensors_header.hpp"
#include "yolodata/core/atomic_file.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/sha256.hpp"
#include "yolotrain/model/weights.hpp"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "safetensors holds little-endian numbers");

namespace yolotrain {

namespace {

using yolodata::Error;
using yolodata::ErrorKind;

/// Of the data behind the header, under this key of the metadata in every file that is written
/// here.
constexpr const char* digest_key = "digest";

struct TypeName {
    const char* name;
    at::ScalarType type;
};
constexpr std::array<TypeName, 10> type_names = {{{"F64", at::kDouble},
                                                  {"F32", at::kFloat},
                                                  {"F16", at::kHalf},
                                                  {"BF16", at::kBFloat16},
                                                  {"I64", at::kLong},
                                                  {"I32", at::kInt},
                                                  {"I16", at::kShort},
                                                  {"I8", at::kChar},
                                                  {"U8", at::kByte},
                                                  {"BOOL", at::kBool}}};

std::optional<at::ScalarType> type_of(const std::string& name) {
    for (const auto& entry : type_names) {
        if (name == entry.name) return entry.type;
    }
    return {};
}

const char* name_of(at::ScalarType type) {
    for (const auto& entry : type_names) {
        if (type == entry.type) return entry.name;
    }
    throw Error(ErrorKind::unsupported,
                std::string("safetensors has no type for ") + at::toString(type));
}

std::span<const std::byte> bytes_of(const at::Tensor& tensor) {
    return {static_cast<const std::byte*>(tensor.data_ptr()), tensor.nbytes()};
}

}  // namespace

TensorFile read_safetensors(const std::string& path) {
    const formats::FileSource file(path);
    std::uint64_t length = 0;
    if (file.size() < sizeof(length)) {
        throw Error(ErrorKind::corrupt, path + ": not a safetensors file: shorter than 8 bytes");
    }
    file.read(0, std::as_writable_bytes(std::span(&length, 1)));
    if (length > formats::max_header_bytes || length > file.size() - sizeof(length)) {
        throw Error(
            ErrorKind::corrupt,
            fmt::format("{}: not a sound safetensors file: a header of {} bytes in a file of {}",
                        path, length, file.size()));
    }
    std::string json(length, '\0');
    file.read(sizeof(length), std::as_writable_bytes(std::span(json)));
    const std::uint64_t start = sizeof(length) + length;
    auto header = formats::parse_safetensors_header(json, file.size() - start, path);

    TensorFile out;
    yolodata::Sha256 hash;
    for (const auto& entry : header.tensors) {
        const auto type = type_of(entry.dtype);
        if (!type) {
            throw Error(ErrorKind::unsupported,
                        fmt::format("{}: tensor {} is of type {}", path, entry.name, entry.dtype));
        }
        auto tensor = at::empty(entry.shape, at::TensorOptions().dtype(*type));
        file.read(start + entry.begin,
                  {static_cast<std::byte*>(tensor.data_ptr()), entry.end - entry.begin});
        hash.update(bytes_of(tensor));
        out.tensors.push_back({entry.name, std::move(tensor)});
    }
    const auto digest = header.metadata.find(digest_key);
    if (digest != header.metadata.end() && digest->second.starts_with("sha256:") &&
        digest->second != "sha256:" + yolodata::to_hex(hash.finish())) {
        throw Error(ErrorKind::corrupt,
                    path + ": its data changed since it was written (SHA-256 differs)");
    }
    out.metadata = std::move(header.metadata);
    return out;
}

void write_safetensors(const std::string& path, const TensorFile& file) {
    // Larger elements first: every tensor then lies aligned to its type.
    std::vector<NamedTensor> order;
    for (const auto& [name, tensor] : file.tensors) {
        order.push_back({name, tensor.detach().cpu().contiguous()});
    }
    std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
        return a.tensor.element_size() > b.tensor.element_size();
    });
    formats::SafetensorsHeader header;
    header.metadata = file.metadata;
    yolodata::Sha256 hash;
    std::uint64_t at = 0;
    for (const auto& [name, tensor] : order) {
        header.tensors.push_back(
            {name, name_of(tensor.scalar_type()), tensor.sizes().vec(), at, at + tensor.nbytes()});
        hash.update(bytes_of(tensor));
        at += tensor.nbytes();
    }
    header.metadata[digest_key] = "sha256:" + yolodata::to_hex(hash.finish());

    const std::string json = formats::format_safetensors_header(header);
    const std::uint64_t length = json.size();
    yolodata::AtomicFile out(path);
    out.write(std::as_bytes(std::span(&length, 1)));
    out.write(json);
    for (const auto& entry : order) out.write(bytes_of(entry.tensor));
    out.commit();
}

}  // namespace yolotrain
