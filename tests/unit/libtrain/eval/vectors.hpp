// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace vectors {

/// A vector file is in tests/vectors, or, for the large ones, in the parity folder beside the
/// checkout.
inline std::string find(const std::string& name) {
    const std::string own = std::string(YOLO_VECTORS) + "/" + name;
    return std::filesystem::exists(own) ? own : std::string(YOLO_SHARED) + "/parity/" + name;
}

inline nlohmann::json read_json(const std::string& path) {
    std::ifstream in(path);
    return nlohmann::json::parse(in);
}

/// A safetensors file of trusted vectors, read without any library of ours.
class Tensors {
 public:
    explicit Tensors(const std::string& path) {
        std::ifstream in(path, std::ios::binary);
        bytes_.assign(std::istreambuf_iterator<char>(in), {});
        std::uint64_t length = 0;
        std::memcpy(&length, bytes_.data(), 8);
        header_ = nlohmann::json::parse(bytes_.begin() + 8,
                                        bytes_.begin() + 8 + static_cast<long>(length));
        data_ = 8 + length;
    }

    std::vector<std::int64_t> shape(const std::string& name) const {
        return header_.at(name).at("shape");
    }

    template <class T>
    std::vector<T> get(const std::string& name) const {
        const std::size_t begin = header_.at(name).at("data_offsets").at(0);
        const std::size_t end = header_.at(name).at("data_offsets").at(1);
        std::vector<T> values((end - begin) / sizeof(T));
        if (!values.empty()) std::memcpy(values.data(), bytes_.data() + data_ + begin, end - begin);
        return values;
    }

 private:
    std::string bytes_;
    nlohmann::json header_;
    std::size_t data_ = 0;
};

}  // namespace vectors
