// SPDX-License-Identifier: Apache-2.0
#include "yolodata/core/sha256.hpp"

#include <openssl/evp.h>

#include "yolodata/core/error.hpp"

namespace yolodata {

namespace {

void require(bool worked) {
    if (!worked)
        throw Error(ErrorKind::unsupported,
                    "OpenSSL refuses SHA-256; is its configuration restricted?");
}

}  // namespace

struct Sha256::Impl {
    // Fetched once for an object: a fetch for each message takes a lock in OpenSSL 3.
    std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> method{EVP_MD_fetch(nullptr, "SHA256", nullptr),
                                                           &EVP_MD_free};
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                    &EVP_MD_CTX_free};

    void start() { require(EVP_DigestInit_ex2(context.get(), method.get(), nullptr) == 1); }
};

Sha256::Sha256() : impl_(std::make_unique<Impl>()) {
    require(impl_->method && impl_->context);
    impl_->start();
}

Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::span<const std::byte> bytes) {
    require(EVP_DigestUpdate(impl_->context.get(), bytes.data(), bytes.size()) == 1);
}

void Sha256::update(std::string_view text) {
    update(std::as_bytes(std::span(text.data(), text.size())));
}

Sha256Digest Sha256::finish() {
    Sha256Digest digest;
    require(EVP_DigestFinal_ex(impl_->context.get(),
                               reinterpret_cast<unsigned char*>(digest.data()), nullptr) == 1);
    impl_->start();
    return digest;
}

Sha256Digest sha256(std::span<const std::byte> bytes) {
    Sha256 hash;
    hash.update(bytes);
    return hash.finish();
}

std::string to_hex(std::span<const std::byte> bytes) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const std::byte b : bytes) {
        text += digits[std::to_integer<unsigned>(b) >> 4];
        text += digits[std::to_integer<unsigned>(b) & 15];
    }
    return text;
}

}  // namespace yolodata
