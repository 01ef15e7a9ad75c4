// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>
#include <string>

#include "yolotrain/model/yolov8.hpp"

namespace yolotrain {

/// A detector whose answer is known without running it: whatever the picture shows, each 32 × 32
/// cell of the network's input is one box of class 0 with confidence `score`, and there is nothing
/// else. All convolutions are zero, so that the head's last biases are its output.
inline YoloV8 cell_detector(std::int64_t nc, double score) {
    at::NoGradGuard no_grad;
    YoloV8 model(Scale::n, nc);
    model.train(false);
    for (const NamedTensor& t : model.state()) {
        at::Tensor tensor = t.tensor.detach();
        const bool is_bias = t.name.ends_with(".2.bias");
        if (t.name.ends_with(".weight") && tensor.dim() == 4 &&
            t.name != "model.22.dfl.conv.weight")
            tensor.zero_();
        if (is_bias && t.name.find("cv3") != std::string::npos) {
            tensor.fill_(-30);
            if (t.name == "model.22.cv3.2.2.bias") tensor[0].fill_(std::log(score / (1 - score)));
        }
        if (is_bias && t.name.find("cv2") != std::string::npos) {
            tensor.fill_(-50);  // half a cell to each side: bins 0 and 1 alike
            for (std::int64_t side = 0; side < 4; ++side) tensor.narrow(0, 16 * side, 2).fill_(50);
        }
    }
    return model;
}

}  // namespace yolotrain
