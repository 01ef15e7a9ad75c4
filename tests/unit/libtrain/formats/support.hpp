// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <fstream>
#include <functional>
#include <iterator>
#include <span>
#include <string>
#include <string_view>

#include "yolodata/core/error.hpp"

namespace yolotrain::formats::test {

inline std::span<const std::byte> bytes(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

/// A file of tests/vectors/pt.
inline std::string vector_file(const std::string& name) {
    std::ifstream in(YOLO_VECTORS "/pt/" + name, std::ios::binary);
    EXPECT_TRUE(in) << name;
    return {std::istreambuf_iterator<char>(in), {}};
}

/// A pickle's opcode for a text.
inline std::string spelled(const std::string& text) {
    std::string out = "X";
    for (int i = 0; i < 4; ++i) out += static_cast<char>(text.size() >> (8 * i));
    return out + text;
}

/// The message with which something is refused: it begins with the path "w.pt".
inline std::string refusal(const std::function<void()>& action) {
    try {
        action();
    } catch (const yolodata::Error& e) {
        EXPECT_EQ(std::string(e.what()).rfind("w.pt: ", 0), 0U) << e.what();
        return e.what();
    }
    return "accepted";
}

inline void expect_has(const std::string& message, const std::string& part) {
    EXPECT_NE(message.find(part), std::string::npos) << message << "\nlacks: " << part;
}

}  // namespace yolotrain::formats::test
