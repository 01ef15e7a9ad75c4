// SPDX-License-Identifier: Apache-2.0
#include "yolodata/core/signature.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "yolodata/core/error.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/utf8.hpp"

namespace yolodata {

namespace {

constexpr std::uint64_t max_key_bytes = 64 << 10;
constexpr std::size_t signature_bytes = 64, base64_bytes = 88;

using Signature = std::array<unsigned char, signature_bytes>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

[[noreturn]] void refuse(ErrorKind kind, const std::string& file, const std::string& what) {
    ERR_clear_error();
    throw Error(kind, "cannot use the key " + printable(file) + ": " + what);
}

// OpenSSL would ask on the terminal: a job without one would wait for ever.
int no_passphrase(char*, int, int, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
}

using Reader = EVP_PKEY* (*)(BIO*, EVP_PKEY**, pem_password_cb*, void*);

Key parse(const std::string& pem, Reader reader, bool& encrypted) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> memory(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
    if (!memory) throw Error(ErrorKind::resource, "no memory is left for a key");
    Key key(reader(memory.get(), nullptr, &no_passphrase, &encrypted), &EVP_PKEY_free);
    ERR_clear_error();
    return key;
}

void require_ed25519(const Key& key, const std::string& file) {
    if (EVP_PKEY_is_a(key.get(), "ED25519") == 1) return;
    const char* type = EVP_PKEY_get0_type_name(key.get());
    refuse(ErrorKind::unsupported, file,
           "it is of type " + std::string(type == nullptr ? "unknown" : type) +
               "; only Ed25519 is supported (openssl genpkey -algorithm ed25519)");
}

Key load_private(const std::string& file) {
    const std::string pem = read_text_file(file, max_key_bytes);
    bool encrypted = false;
    Key key = parse(pem, &PEM_read_bio_PrivateKey, encrypted);
    if (encrypted)
        refuse(ErrorKind::unsupported, file,
               "it is encrypted, and no passphrase is asked for; decrypt it into a file that only "
               "you can read (openssl pkey -in KEY -out PLAIN)");
    if (!key && parse(pem, &PEM_read_bio_PUBKEY, encrypted))
        refuse(ErrorKind::invalid_argument, file,
               "it is a public key; signing needs the private one");
    if (!key) refuse(ErrorKind::invalid_argument, file, "it holds no private key in PEM form");
    require_ed25519(key, file);
    return key;
}

Key load_public(const std::string& file) {
    const std::string pem = read_text_file(file, max_key_bytes);
    bool encrypted = false;
    Key key = parse(pem, &PEM_read_bio_PUBKEY, encrypted);
    if (!key && (parse(pem, &PEM_read_bio_PrivateKey, encrypted) || encrypted))
        refuse(ErrorKind::invalid_argument, file,
               "it is a private key; checking needs the public one "
               "(openssl pkey -in KEY -pubout -out PUBLIC)");
    if (!key) refuse(ErrorKind::invalid_argument, file, "it holds no public key in PEM form");
    require_ed25519(key, file);
    return key;
}

std::optional<Signature> decode(const std::string& text) {
    std::array<unsigned char, base64_bytes / 4 * 3> bytes;
    // 64 bytes are 86 characters and two of padding; EVP_DecodeBlock itself takes blanks too.
    if (text.size() != base64_bytes || !text.ends_with("==") ||
        text.find_first_of(" \t\r\n=") != base64_bytes - 2 ||
        EVP_DecodeBlock(bytes.data(), bytes_of(text), base64_bytes) !=
            static_cast<int>(bytes.size()))
        return std::nullopt;
    Signature signature;
    std::copy_n(bytes.begin(), signature.size(), signature.begin());
    return signature;
}

std::string encode(const Signature& signature) {
    std::array<unsigned char, base64_bytes + 1> text;
    const int n = EVP_EncodeBlock(text.data(), signature.data(), signature_bytes);
    return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(n)};
}

}  // namespace

std::string sign_ed25519(std::string_view text, const std::string& private_key_file) {
    const Key key = load_private(private_key_file);
    const Context context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    Signature signature;
    std::size_t size = signature.size();
    if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
        EVP_DigestSign(context.get(), signature.data(), &size, bytes_of(text), text.size()) != 1 ||
        size != signature.size())
        refuse(ErrorKind::unsupported, private_key_file, "OpenSSL could not sign with it");
    return encode(signature);
}

bool holds_ed25519(std::string_view text, const std::string& signature,
                   const std::string& public_key_file) {
    const Key key = load_public(public_key_file);
    const std::optional<Signature> bytes = decode(signature);
    if (!bytes) return false;
    const Context context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    if (!context || EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1)
        refuse(ErrorKind::unsupported, public_key_file, "OpenSSL cannot check with it");
    const int result =
        EVP_DigestVerify(context.get(), bytes->data(), bytes->size(), bytes_of(text), text.size());
    ERR_clear_error();
    return result == 1;
}

}  // namespace yolodata
