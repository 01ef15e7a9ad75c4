// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "yolotrain/model/weights.hpp"

namespace yolotrain::test {

/// The tensors of a vector file by name.
inline std::map<std::string, at::Tensor> read_vectors(const std::string& path) {
    std::map<std::string, at::Tensor> out;
    for (auto& entry : read_safetensors(path).tensors) out[entry.name] = entry.tensor;
    return out;
}

inline nlohmann::json read_json(const std::string& path) {
    std::ifstream in(path);
    return nlohmann::json::parse(in);
}

inline double largest_difference(const at::Tensor& a, const at::Tensor& b) {
    EXPECT_EQ(a.sizes(), b.sizes());
    if (a.numel() == 0) return 0;
    return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

/// L2 of the difference over L2 of the expected.
inline double relative_l2(const at::Tensor& actual, const at::Tensor& expected) {
    EXPECT_EQ(actual.sizes(), expected.sizes());
    const auto e = expected.to(at::kDouble);
    const double norm = e.norm().item<double>();
    const double difference = (actual.to(at::kDouble) - e).norm().item<double>();
    return norm > 0 ? difference / norm : difference;
}

/// Targets [M, 6] of a vector file that holds batch_idx, cls and bboxes.
inline at::Tensor targets_of(const at::Tensor& image, const at::Tensor& cls,
                             const at::Tensor& boxes) {
    const auto m = image.numel();
    return at::cat({image.to(at::kFloat).reshape({m, 1}), cls.to(at::kFloat).reshape({m, 1}),
                    boxes.reshape({m, 4})},
                   1);
}

/// A folder of the test's own, removed with it.
class TemporaryFolder {
 public:
    TemporaryFolder() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "yolo-test-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
    std::string path_;
};

/// The larger vectors, made by Ultralytics, that do not lie in the repository.
inline const std::string parity_folder = YOLO_SHARED "/parity/";

}  // namespace yolotrain::test

#define SKIP_WITHOUT_PARITY_VECTORS()                                               \
    if (!std::filesystem::exists(yolotrain::test::parity_folder)) {                 \
        GTEST_SKIP() << "the large parity vectors are not here: " << parity_folder; \
    }
