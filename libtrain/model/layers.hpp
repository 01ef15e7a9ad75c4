// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "yolotrain/model/yolov8.hpp"

// The building blocks of the network: plain structs that own their tensors and know how to run.
// Each block adds its tensors to a StateList in the order of Ultralytics' state_dict.

namespace yolotrain::detail {

/// Tensors by key, as blocks register them. Parameters are told from buffers.
class StateList {
 public:
    struct Entry {
        std::string name;
        at::Tensor* tensor;  ///< the member of the block that owns it
        bool is_parameter;
    };
    void parameter(const std::string& name, at::Tensor& tensor) {
        entries_.push_back({name, &tensor, true});
    }
    void buffer(const std::string& name, at::Tensor& tensor) {
        entries_.push_back({name, &tensor, false});
    }
    const std::vector<Entry>& entries() const { return entries_; }

 private:
    std::vector<Entry> entries_;
};

/// Convolution without bias, batch norm, SiLU.
struct ConvBlock {
    ConvBlock(std::int64_t in, std::int64_t out, int kernel, int stride_);
    at::Tensor forward(const at::Tensor& x, bool training);
    void list(const std::string& prefix, StateList& state);

    at::Tensor weight;                       ///< [out, in, k, k]
    at::Tensor gamma, beta, mean, variance;  ///< [out]
    at::Tensor batches;  ///< int64 scalar: batches seen, as the state_dict counts them
    int stride, padding;
    bool frozen = false;
};

/// Two 3×3 blocks, and the input added where `shortcut`.
struct Bottleneck {
    Bottleneck(std::int64_t channels, bool shortcut_);
    at::Tensor forward(const at::Tensor& x, bool training);
    void list(const std::string& prefix, StateList& state);

    ConvBlock cv1, cv2;
    bool shortcut;
};

/// Cross-stage block: 1×1 to two halves, `repeats` bottlenecks in a chain on the second, 1×1 over
/// all.
struct C2f {
    C2f(std::int64_t in, std::int64_t out, int repeats, bool shortcut);
    at::Tensor forward(const at::Tensor& x, bool training);
    void list(const std::string& prefix, StateList& state);
    void freeze(bool on);

    ConvBlock cv1, cv2;
    std::vector<Bottleneck> m;
};

/// Spatial pyramid pooling: three 5×5 max pools in a chain, concatenated.
struct Sppf {
    Sppf(std::int64_t in, std::int64_t out);
    at::Tensor forward(const at::Tensor& x, bool training);
    void list(const std::string& prefix, StateList& state);

    ConvBlock cv1, cv2;
};

/// One branch of the head at one level: two 3×3 blocks and a 1×1 convolution with bias.
struct HeadBranch {
    HeadBranch(std::int64_t in, std::int64_t hidden, std::int64_t out);
    at::Tensor forward(const at::Tensor& x, bool training);
    void list(const std::string& prefix, StateList& state);

    ConvBlock first, second;
    at::Tensor weight, bias;  ///< [out, hidden, 1, 1], [out]
};

/// Decoupled head over three levels.
struct Head {
    Head(const std::array<std::int64_t, 3>& in, std::int64_t nc);
    RawMaps forward(const std::array<at::Tensor, 3>& x, bool training);
    void list(const std::string& prefix, StateList& state);

    std::vector<HeadBranch> box, cls;
    at::Tensor dfl;  ///< [1, 16, 1, 1]: 0 … 15, constant
};

}  // namespace yolotrain::detail
