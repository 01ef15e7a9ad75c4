// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace yolodata {

using Sha256Digest = std::array<std::byte, 32>;

/// SHA-256 (FIPS 180-4) by OpenSSL's EVP, which uses the CPU's SHA extensions. One object serves
/// any number of messages, one after the other, without allocating again. One thread at a time.
class Sha256 {
 public:
    Sha256();  ///< throws Error(unsupported) if OpenSSL offers no SHA-256
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;

    void update(std::span<const std::byte> bytes);
    void update(std::string_view text);
    /// Ends the message and is ready for the next.
    Sha256Digest finish();

 private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

Sha256Digest sha256(std::span<const std::byte> bytes);
/// Lower-case hexadecimal, two digits a byte.
std::string to_hex(std::span<const std::byte> bytes);

}  // namespace yolodata
