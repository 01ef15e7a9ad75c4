// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <span>

#include "safetensors_header.hpp"
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

/// A file opened for reading; never waits for a FIFO or device.
class InputFile {
 public:
    explicit InputFile(const std::string& path) : path_(path) {
        fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd_ < 0) yolodata::throw_errno("open", path, errno);
        struct stat status {};
        if (::fstat(fd_, &status) != 0 || !S_ISREG(status.st_mode)) {
            ::close(fd_);
            throw Error(ErrorKind::io, "cannot read " + path + ": it is no regular file");
        }
        size_ = static_cast<std::uint64_t>(status.st_size);
    }
    ~InputFile() { ::close(fd_); }
    InputFile(const InputFile&) = delete;
    InputFile& operator=(const InputFile&) = delete;

    std::uint64_t size() const { return size_; }

    void read(std::uint64_t offset, void* out, std::uint64_t count) const {
        auto* target = static_cast<char*>(out);
        while (count > 0) {
            const auto n = ::pread(fd_, target, count, static_cast<off_t>(offset));
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) yolodata::throw_errno("read", path_, errno);
            if (n == 0)
                throw Error(ErrorKind::corrupt, path_ + ": it became shorter while it was read");
            target += n;
            offset += static_cast<std::uint64_t>(n);
            count -= static_cast<std::uint64_t>(n);
        }
    }

 private:
    std::string path_;
    int fd_ = -1;
    std::uint64_t size_ = 0;
};

}  // namespace

TensorFile read_safetensors(const std::string& path) {
    const InputFile file(path);
    std::uint64_t length = 0;
    if (file.size() < sizeof(length)) {
        throw Error(ErrorKind::corrupt, path + ": not a safetensors file: shorter than 8 bytes");
    }
    file.read(0, &length, sizeof(length));
    if (length > detail::max_header_bytes || length > file.size() - sizeof(length)) {
        throw Error(
            ErrorKind::corrupt,
            fmt::format("{}: not a sound safetensors file: a header of {} bytes in a file of {}",
                        path, length, file.size()));
    }
    std::string json(length, '\0');
    file.read(sizeof(length), json.data(), length);
    const std::uint64_t start = sizeof(length) + length;
    auto header = detail::parse_safetensors_header(json, file.size() - start, path);

    TensorFile out;
    yolodata::Sha256 hash;
    for (const auto& entry : header.tensors) {
        const auto type = type_of(entry.dtype);
        if (!type) {
            throw Error(ErrorKind::unsupported,
                        fmt::format("{}: tensor {} is of type {}", path, entry.name, entry.dtype));
        }
        auto tensor = at::empty(entry.shape, at::TensorOptions().dtype(*type));
        file.read(start + entry.begin, tensor.data_ptr(), entry.end - entry.begin);
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
    detail::SafetensorsHeader header;
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

    const std::string json = detail::format_safetensors_header(header);
    const std::uint64_t length = json.size();
    yolodata::AtomicFile out(path);
    out.write(std::as_bytes(std::span(&length, 1)));
    out.write(json);
    for (const auto& entry : order) out.write(bytes_of(entry.tensor));
    out.commit();
}

}  // namespace yolotrain
