// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "yolotrain/model/yolov8.hpp"

namespace yolotrain::detail {

/// A convolution into which the batch norm behind it is folded.
struct FoldedConv {
    std::string name;         ///< "model.0", "model.22.cv2.0.2"
    at::Tensor weight, bias;  ///< of the type that was asked for, contiguous, CPU
    std::int64_t stride = 1, padding = 0;
    bool silu = true;
};

/// Writes operations somewhere; values are known by the names that it returns.
class Emitter {
 public:
    using Value = std::string;
    virtual ~Emitter() = default;
    virtual Value conv(const Value& x, const FoldedConv& conv) = 0;  ///< with SiLU where it says so
    virtual Value half_of(const Value& x, int which, std::int64_t channels) = 0;  ///< of channels
    virtual Value add(const Value& a, const Value& b) = 0;
    virtual Value concat(const std::vector<Value>& values) = 0;  ///< along the channels
    virtual Value pool(const Value& x) = 0;                      ///< maximum of 5 × 5, same size
    virtual Value enlarge(const Value& x) = 0;                   ///< twice, nearest neighbour
};

/// What the folded weights become, and the file that is named where a number does not fit.
struct FoldedType {
    at::ScalarType type = at::kFloat;  ///< or half
    std::string path;
};

/// Emits the network for an input value; the three raw maps as YoloV8::forward gives them. Throws
/// Error(corrupt) where a folded weight is not finite in its type: 16 bits end at 65504.
std::array<Emitter::Value, 3> emit_network(const YoloV8& model, const Emitter::Value& input,
                                           const FoldedType& weights, Emitter& out);

}  // namespace yolotrain::detail
