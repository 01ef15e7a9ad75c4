// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/eval/predictor.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "yolodata/core/error.hpp"
#include "yolotrain/eval/nms.hpp"

namespace yolotrain {

namespace {

constexpr int kGrid = 32;  // the network's coarsest stride

/// How much of a letterbox's border can go, in front, so that `padding` shrinks below one stride.
/// Always a multiple of half a stride, so that the picture stays centred as it was.
int removable_border(int padding) {
    return (padding - padding % kGrid) / 2;
}

yolodata::Picture cut_border(const yolodata::Picture& picture, int x, int y) {
    if (x == 0 && y == 0) return picture;
    yolodata::Picture out(picture.width - 2 * x, picture.height - 2 * y);
    for (int row = 0; row < out.height; ++row) {
        std::memcpy(out.row(row), picture.row(row + y) + std::ptrdiff_t{3} * x,
                    static_cast<std::size_t>(out.width) * 3);
    }
    return out;
}

}  // namespace

NetworkInput prepare(const yolodata::Picture& picture, int imgsz) {
    NetworkInput input;
    input.source_width = picture.width;
    input.source_height = picture.height;
    // The square letterbox decides the scale; whole strides of its border are then cut away.
    yolodata::Picture square = yolodata::letterbox(picture, imgsz, imgsz, true, &input.where);
    const auto border = [&](int side, double scale) {
        const int inner = std::max(static_cast<int>(std::nearbyint(side * scale)), 1);
        return removable_border(std::max(imgsz - inner, 0));
    };
    const double scale = std::min(static_cast<double>(imgsz) / picture.width,
                                  static_cast<double>(imgsz) / picture.height);
    const int x = border(picture.width, scale), y = border(picture.height, scale);
    input.where.left -= x;
    input.where.top -= y;
    input.where.pad_x -= x;
    input.where.pad_y -= y;
    yolodata::Picture fitted = cut_border(square, x, y);
    input.width = fitted.width;
    input.height = fitted.height;
    input.rgb = std::move(fitted.rgb);
    return input;
}

Predictor::Predictor(const YoloV8& model, const PredictOptions& options)
    : model_(model), options_(options) {
    if (options.imgsz < kGrid || options.imgsz % kGrid != 0) {
        throw yolodata::Error(
            yolodata::ErrorKind::invalid_argument,
            fmt::format("imgsz must be a multiple of {}, not {}", kGrid, options.imgsz));
    }
    for (const std::int32_t c : options.classes) {
        if (c >= 0 && c < model_.nc()) continue;
        throw yolodata::Error(
            yolodata::ErrorKind::invalid_argument,
            fmt::format("there is no class {}: the model knows 0 to {}", c, model_.nc() - 1));
    }
}

std::vector<Detection> Predictor::predict(const NetworkInput& input) const {
    at::NoGradGuard no_grad;
    const at::Tensor image = at::empty({1, input.height, input.width, 3}, at::kByte);
    std::copy(input.rgb.begin(), input.rgb.end(), image.data_ptr<std::uint8_t>());
    const at::Device device = model_.state().front().tensor.device();
    const at::Tensor x = image.permute({0, 3, 1, 2}).to(device).to(at::kFloat).div_(255);
    const at::Tensor predictions = decode(model_.infer(x)).to(at::kCPU).contiguous();

    NmsOptions options;
    options.conf = static_cast<float>(options_.conf);
    options.iou = static_cast<float>(options_.iou);
    options.max_det = options_.max_det;
    options.multi_label = false;
    options.classes = options_.classes;
    std::vector<Detection> found =
        nms(predictions.data_ptr<float>(), model_.nc(), predictions.size(2), options);

    const auto sx = static_cast<float>(input.where.scale_x),
               sy = static_cast<float>(input.where.scale_y);
    const auto left = static_cast<float>(input.where.left),
               top = static_cast<float>(input.where.top);
    const auto w = static_cast<float>(input.source_width),
               h = static_cast<float>(input.source_height);
    for (Detection& d : found) {
        d.x1 = std::clamp((d.x1 - left) / sx, 0.0F, w);
        d.y1 = std::clamp((d.y1 - top) / sy, 0.0F, h);
        d.x2 = std::clamp((d.x2 - left) / sx, 0.0F, w);
        d.y2 = std::clamp((d.y2 - top) / sy, 0.0F, h);
    }
    return found;
}

}  // namespace yolotrain
