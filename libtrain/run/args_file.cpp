// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/run/args_file.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

namespace yolotrain {

namespace {

/// Text that is one plain YAML scalar whatever surrounds it: numbers, words, paths.
bool is_plain(const std::string& text) {
    constexpr std::string_view inner = "/._-+,";
    const auto plain = [&](char c) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        return letter || inner.find(c) != std::string_view::npos;
    };
    if (text == "-" || text.front() == ',') return false;
    const bool reserved = text == "null" || text == "~" || text == "---" || text == "...";
    return !reserved && std::all_of(text.begin(), text.end(), plain);
}

/// YAML's double quotes take what JSON's do.
std::string quoted(const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::string args_yaml(const Args& args) {
    std::string text;
    for (const auto& [key, value] : args) {
        text += key + ": " + (value.empty() ? "null" : is_plain(value) ? value : quoted(value)) + "\n";
    }
    return text;
}

}  // namespace yolotrain
