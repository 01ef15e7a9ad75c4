// SPDX-License-Identifier: Apache-2.0
#include "pt_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "yolodata/core/error.hpp"
#include "yolodata/core/utf8.hpp"

namespace yolotrain::formats {

namespace {

using yolodata::Error;
using yolodata::ErrorKind;

constexpr std::string_view pickle_name = "/data.pkl";

/// The head of the format before PyTorch 1.6: a pickled number of 80 bits.
constexpr std::array<unsigned char, 15> legacy_head = {
    0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e};

const ByteSource& require_zip(const ByteSource& source, const std::string& path) {
    if (looks_like_zip(source)) return source;
    std::array<unsigned char, legacy_head.size()> head{};
    if (source.size() >= head.size()) source.read(0, std::as_writable_bytes(std::span(head)));
    if (head == legacy_head) {
        throw Error(ErrorKind::unsupported,
                    path +
                        ": in the format of torch.save before PyTorch 1.6; save it again in "
                        "Python: torch.save(torch.load(FILE, map_location=\"cpu\"), FILE)");
    }
    throw Error(ErrorKind::corrupt,
                path + ": neither a safetensors file nor one of torch.save (no zip archive)");
}

std::string find_folder(const ZipArchive& archive, const std::string& path) {
    std::string folder;
    for (const auto& entry : archive.entries()) {
        if (!entry.name.ends_with(pickle_name) ||
            entry.name.find('/') != entry.name.size() - pickle_name.size()) {
            continue;
        }
        if (!folder.empty()) throw Error(ErrorKind::corrupt, path + ": holds two pickles");
        folder = entry.name.substr(0, entry.name.size() - pickle_name.size() + 1);
    }
    if (folder.empty()) {
        throw Error(ErrorKind::corrupt,
                    path + ": a zip archive, but no file of torch.save: it holds no data.pkl");
    }
    if (archive.find(folder + "constants.pkl") != nullptr) {
        throw Error(ErrorKind::unsupported,
                    path +
                        ": a TorchScript archive, which is a program; give the .pt or "
                        ".safetensors file that it was exported from");
    }
    return folder;
}

std::vector<std::byte> read_record(const ZipArchive& archive, const std::string& name) {
    const auto* entry = archive.find(name);
    if (entry == nullptr) return {};
    std::vector<std::byte> bytes(entry->size);
    archive.read(*entry, bytes);
    return bytes;
}

void require_little_endian(const ZipArchive& archive, const std::string& folder,
                           const std::string& path) {
    const auto* entry = archive.find(folder + "byteorder");
    if (entry == nullptr || entry->size > 16) return;
    const auto bytes = read_record(archive, folder + "byteorder");
    const std::string order(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (order != "little") {
        throw Error(ErrorKind::unsupported,
                    path + ": its numbers are big-endian; save it again on another machine");
    }
}

/// Gathers by strides; the innermost dimension in a loop of its own.
void gather(std::span<const std::byte> storage, const TensorRef& tensor, std::size_t size,
            std::span<std::byte> out) {
    const std::size_t rank = tensor.sizes.size();
    std::vector<std::int64_t> index(rank, 0);
    std::uint64_t at = tensor.offset;
    for (std::size_t i = 0; i < out.size(); i += size) {
        std::memcpy(out.data() + i, storage.data() + at * size, size);
        for (std::size_t d = rank; d-- > 0;) {
            at += static_cast<std::uint64_t>(tensor.strides[d]);
            if (++index[d] < tensor.sizes[d]) break;
            at -= static_cast<std::uint64_t>(tensor.strides[d]) *
                  static_cast<std::uint64_t>(tensor.sizes[d]);
            index[d] = 0;
        }
    }
}

bool is_contiguous(const TensorRef& tensor) {
    std::int64_t expected = 1;
    for (std::size_t d = tensor.sizes.size(); d-- > 0;) {
        if (tensor.sizes[d] != 1 && tensor.strides[d] != expected) return false;
        expected *= tensor.sizes[d];
    }
    return true;
}

}  // namespace

PtFile::PtFile(const ByteSource& source, const std::string& path)
    : path_(path), archive_(require_zip(source, path), path), folder_(find_folder(archive_, path)) {
    require_little_endian(archive_, folder_, path);
    const auto* entry = archive_.find(folder_ + "data.pkl");
    if (entry->size > most_pickle_bytes) {
        throw Error(ErrorKind::unsupported,
                    fmt::format("{}: a pickle of {} bytes is no model's", path, entry->size));
    }
    pickle_ = parse_pickle(read_record(archive_, folder_ + "data.pkl"), path_);
}

void PtFile::require_proportion(const std::vector<NodeId>& tensors) const {
    constexpr std::uint64_t most_shares = 4, some = 16U << 20U;
    std::uint64_t records = 0, wanted = 0;
    for (const auto& entry : archive_.entries()) records += entry.size;
    for (const NodeId id : tensors) {
        const auto& tensor = pickle_.tensors[static_cast<std::size_t>(pickle_.at(id).integer)];
        (void)storage_entry(pickle_.storages[tensor.storage]);  // what is there bounds bytes_of()
        wanted += bytes_of(pickle_, tensor);
        if (wanted > most_shares * records + some) {
            throw Error(ErrorKind::corrupt,
                        fmt::format("{}: its tensors repeat the {} bytes of its records too often",
                                    path_, records));
        }
    }
}

std::uint64_t PtFile::bytes_of(const Pickle& pickle, const TensorRef& tensor) {
    return tensor.elements * element_size(pickle.storages[tensor.storage].dtype);
}

const ZipArchive::Entry& PtFile::storage_entry(const StorageRef& storage) const {
    const auto* entry = archive_.find(folder_ + "data/" + storage.key);
    if (entry == nullptr) {
        throw Error(ErrorKind::corrupt, fmt::format("{}: storage {} is missing", path_,
                                                    yolodata::printable(storage.key)));
    }
    const auto size = element_size(storage.dtype);
    if (entry->size % size != 0 || entry->size / size != storage.elements) {
        throw Error(
            ErrorKind::corrupt,
            fmt::format("{}: storage {} has {} bytes, not {} elements of {}", path_,
                        yolodata::printable(storage.key), entry->size, storage.elements, size));
    }
    return *entry;
}

void PtFile::read(const TensorRef& tensor, std::span<std::byte> out) {
    const StorageRef& storage = pickle_.storages[tensor.storage];
    const auto& entry = storage_entry(storage);
    if (tensor.elements == 0) return;  // its sizes may be any
    if (is_contiguous(tensor) && tensor.offset == 0 && out.size() == entry.size) {
        archive_.read(entry, out);
        return;
    }
    if (!cached_ || cached_key_ != storage.key) {
        cached_.reset();
        std::vector<std::byte> bytes(entry.size);
        archive_.read(entry, bytes);
        cached_ = std::move(bytes);
        cached_key_ = storage.key;
    }
    gather(*cached_, tensor, element_size(storage.dtype), out);
}

bool looks_like_pt(const ByteSource& source, const std::string& path) {
    if (looks_like_zip(source)) return true;
    // safetensors: a length of eight bytes, then an object. Its first bytes may well be those of a
    // pickle.
    std::array<unsigned char, 9> head{};
    const auto there =
        static_cast<std::size_t>(std::min<std::uint64_t>(source.size(), head.size()));
    source.read(0, std::as_writable_bytes(std::span(head).first(there)));
    if (head[8] == '{' && head[5] == 0 && head[6] == 0 && head[7] == 0) return false;
    const bool pickle = head[0] == 0x80 && head[1] >= 2 && head[1] <= 5;
    return pickle || path.ends_with(".pt") || path.ends_with(".pth");
}

}  // namespace yolotrain::formats
