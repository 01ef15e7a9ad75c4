// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pickle.hpp"
#include "zip_archive.hpp"

namespace yolotrain::formats {

/// A file of torch.save: a zip archive with one folder, in which `data.pkl` describes objects and
/// `data/KEY` holds the bytes of a storage. Nothing of it is run (pickle.hpp). Tensors are read one
/// by one, so that only one storage is held beside them.
class PtFile {
 public:
    /// `source` outlives this. Throws yolodata::Error(corrupt | unsupported): no such archive, an
    /// older or other format (with the remedy), damage, names that would run code.
    PtFile(const ByteSource& source, const std::string& path);

    const Pickle& pickle() const { return pickle_; }

    /// To be called before anything is made of a tensor's sizes. Throws Error(corrupt) where a
    /// storage is missing or has another size than the pickle says, and where these tensors
    /// together have far more bytes than the records that they look into: many views of the same
    /// storage would fill the memory.
    void require_proportion(const std::vector<NodeId>& tensors) const;

    /// Bytes of a tensor when its elements lie one behind the other; of one that
    /// require_proportion() has not seen it may be any number.
    static std::uint64_t bytes_of(const Pickle& pickle, const TensorRef& tensor);
    /// Writes the elements in row-major order, little-endian; out.size() is bytes_of(). Throws
    /// Error(corrupt) where the storage is missing, has another size or fails its CRC-32. Keeps the
    /// storage read last: one thread at a time.
    void read(const TensorRef& tensor, std::span<std::byte> out);

 private:
    const ZipArchive::Entry& storage_entry(const StorageRef& storage) const;

    std::string path_;
    ZipArchive archive_;
    std::string folder_;  ///< with its slash
    Pickle pickle_;
    std::string cached_key_;
    std::optional<std::vector<std::byte>> cached_;
};

/// Whether a file is one for PtFile, be it to be read or to be refused with a remedy: a zip archive
/// or a pickle. Anything else may be safetensors; what is named .pt and is neither is refused here.
bool looks_like_pt(const ByteSource& source, const std::string& path);

}  // namespace yolotrain::formats
