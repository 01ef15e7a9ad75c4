// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/eval/batch_plan.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "yolodata/core/error.hpp"

namespace yolotrain {

namespace {

constexpr int kStride = 32;
constexpr double kPad = 0.5;  // in strides: a margin around the pictures

int padded_side(double extent, int imgsz) {
    return static_cast<int>(std::ceil(extent * imgsz / kStride + kPad)) * kStride;
}

}  // namespace

std::vector<EvalBatch> plan_batches(const std::vector<std::pair<int, int>>& width_height, int batch,
                                    int imgsz, bool rect) {
    if (batch < 1 || imgsz < kStride || imgsz % kStride != 0) {
        throw yolodata::Error(yolodata::ErrorKind::invalid_argument,
                              "batch must be at least 1 and imgsz a multiple of 32");
    }
    std::vector<double> ratio;
    for (const auto& [width, height] : width_height) {
        ratio.push_back(static_cast<double>(height) / std::max(width, 1));
    }
    std::vector<std::size_t> order(width_height.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (rect) {
        std::stable_sort(order.begin(), order.end(),
                         [&](std::size_t a, std::size_t b) { return ratio[a] < ratio[b]; });
    }

    std::vector<EvalBatch> plan;
    for (std::size_t first = 0; first < order.size(); first += static_cast<std::size_t>(batch)) {
        const std::size_t last = std::min(first + static_cast<std::size_t>(batch), order.size());
        EvalBatch b;
        b.pictures.assign(order.begin() + static_cast<std::ptrdiff_t>(first),
                          order.begin() + static_cast<std::ptrdiff_t>(last));
        b.width = b.height = imgsz;
        if (rect) {
            const double lowest = ratio[b.pictures.front()], highest = ratio[b.pictures.back()];
            b.height = padded_side(highest < 1 ? highest : 1, imgsz);
            b.width = padded_side(highest >= 1 && lowest > 1 ? 1 / lowest : 1, imgsz);
        }
        plan.push_back(std::move(b));
    }
    return plan;
}

}  // namespace yolotrain
