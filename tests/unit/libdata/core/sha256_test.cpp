// SPDX-License-Identifier: Apache-2.0
#include "yolodata/core/sha256.hpp"

#include <gtest/gtest.h>

namespace yolodata {
namespace {

std::string hex_of(std::string_view text) {
    return to_hex(sha256(std::as_bytes(std::span(text.data(), text.size()))));
}

// FIPS 180-4, examples of NIST.
TEST(Sha256Test, KnownAnswers) {
    EXPECT_EQ(hex_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(hex_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hex_of(std::string(1'000'000, 'a')),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256Test, PiecesAndReuse) {
    Sha256 hash;
    for (int round = 0; round < 3; ++round) {
        hash.update("a");
        hash.update("");
        hash.update("bc");
        EXPECT_EQ(to_hex(hash.finish()), hex_of("abc"));
    }
}

}  // namespace
}  // namespace yolodata
