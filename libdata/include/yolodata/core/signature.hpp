// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace yolodata {

/// Ed25519 (RFC 8032) by OpenSSL, with keys in PEM files as `openssl genpkey -algorithm ed25519`
/// and `openssl pkey -pubout` make them. All throw Error: not_found or io where the key cannot be
/// read, unsupported where it is a key of another type or encrypted, invalid_argument where it is
/// no key or the wrong half of one. No passphrase is ever asked for.

/// Signs a text with the private key in a file; returns the signature's 64 bytes in base64.
std::string sign_ed25519(std::string_view text, const std::string& private_key_file);

/// Whether `signature` (base64) is one of the text, by the owner of the public key in a file.
/// A signature that is no base64 of 64 bytes does not hold.
bool holds_ed25519(std::string_view text, const std::string& signature,
                   const std::string& public_key_file);

}  // namespace yolodata
