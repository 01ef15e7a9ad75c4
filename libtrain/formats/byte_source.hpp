// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace yolotrain::formats {

/// Bytes that are read at any place, a file's or a buffer's: what the parsers of weights files
/// take, so that tensors go straight to where they are needed and a fuzzer can feed memory.
class ByteSource {
 public:
    virtual ~ByteSource() = default;
    virtual std::uint64_t size() const = 0;
    /// Fills `out` from `offset` on. The caller has checked the range against size(); a file that
    /// became shorter meanwhile throws yolodata::Error(corrupt).
    virtual void read(std::uint64_t offset, std::span<std::byte> out) const = 0;
};

/// A regular file, opened for reading; never waits for a FIFO or device. Throws
/// yolodata::Error(not_found | io). Reading is const and may be done from many threads.
class FileSource : public ByteSource {
 public:
    explicit FileSource(const std::string& path);
    ~FileSource() override;
    FileSource(const FileSource&) = delete;
    FileSource& operator=(const FileSource&) = delete;
    std::uint64_t size() const override { return size_; }
    void read(std::uint64_t offset, std::span<std::byte> out) const override;

 private:
    std::string path_;
    int fd_ = -1;
    std::uint64_t size_ = 0;
};

/// A buffer that outlives the source.
class MemorySource : public ByteSource {
 public:
    explicit MemorySource(std::span<const std::byte> bytes) : bytes_(bytes) {}
    std::uint64_t size() const override { return bytes_.size(); }
    void read(std::uint64_t offset, std::span<std::byte> out) const override;

 private:
    std::span<const std::byte> bytes_;
};

}  // namespace yolotrain::formats
