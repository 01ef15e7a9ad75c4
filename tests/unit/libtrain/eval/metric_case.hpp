// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "vectors.hpp"
#include "yolodata/augment/sample.hpp"
#include "yolotrain/eval/detections.hpp"

namespace yolotrain::test {

/// One case of the parity vectors.
struct Case {
    vectors::Tensors file;
    nlohmann::json expected;
    std::int64_t nc, images;
    std::vector<float> det, gt;
    std::vector<std::int64_t> det_image, gt_image, order;
    std::vector<std::uint8_t> tp;

    explicit Case(const std::string& name, const std::string& path, const nlohmann::json& json)
        : file(path),
          expected(json.at("cases").at(name)),
          nc(expected.at("nc")),
          images(expected.at("images")),
          det(file.get<float>("det")),
          gt(file.get<float>("gt")),
          det_image(file.get<std::int64_t>("det_image")),
          gt_image(file.get<std::int64_t>("gt_image")),
          order(file.get<std::int64_t>("order")),
          tp(file.get<std::uint8_t>("tp")) {}

    /// Detections of one image, `anchor` = row of the vector.
    std::vector<Detection> detections(std::int64_t image) const {
        std::vector<Detection> result;
        for (std::size_t i = 0; i < det_image.size(); ++i) {
            if (det_image[i] != image) continue;
            const float* d = det.data() + 6 * i;
            result.push_back(
                {d[0], d[1], d[2], d[3], d[4], static_cast<int>(d[5]), static_cast<int>(i)});
        }
        return result;
    }
    std::vector<yolodata::PixelBox> targets(std::int64_t image) const {
        std::vector<yolodata::PixelBox> result;
        for (std::size_t i = 0; i < gt_image.size(); ++i) {
            if (gt_image[i] != image) continue;
            const float* g = gt.data() + 5 * i;
            result.push_back({static_cast<int>(g[0]), g[1], g[2], g[3], g[4]});
        }
        return result;
    }
};

/// A test for each case, by its name.
class MetricCases : public testing::TestWithParam<const char*> {
 protected:
    void SetUp() override {
        path_ = vectors::find(std::string("metrics/") + GetParam() + ".safetensors");
        if (!std::filesystem::exists(path_)) GTEST_SKIP() << path_ << " is not there";
        json_ = vectors::read_json(std::filesystem::path(path_).parent_path() / "metrics.json");
    }
    std::string path_;
    nlohmann::json json_;
};

}  // namespace yolotrain::test
