// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "feature.hpp"
#include "yolotrain/model/yolov8.hpp"

// The building blocks of the network: plain structs that own their tensors. Each has
//   forward   fills a tape: what its backward pass needs;
//   backward  takes the gradient of its output and the tape, which it empties as it goes, gives the
//             gradient of its input, and those of its parameters into Gradients;
//   list      adds its tensors to a StateList in the order of Ultralytics' state_dict.
// No autograd inside: what is kept, made again and overwritten is decided here.

namespace yolotrain::detail {

/// Tensors by key, as blocks list them. Parameters are told from buffers.
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

/// Gradients of parameters, by the block's member.
using Gradients = std::unordered_map<const at::Tensor*, at::Tensor>;
/// A block's input, made again when its backward pass needs it.
using Remake = std::function<at::Tensor()>;

/// How a forward pass runs.
struct Mode {
    bool training = false;  ///< statistics of the batch
    bool keep = false;      ///< a backward pass will follow
};

/// Convolution without bias, batch norm, SiLU.
struct ConvBlock {
    ConvBlock(std::int64_t in, std::int64_t out, int kernel, int stride_);
    Feature forward(const at::Tensor& x, bool training);
    /// From the gradient of the output to that of the convolution's output. `owned`: gy may be
    /// overwritten. Empties the tape.
    at::Tensor backward_activation(Feature& tape, const at::Tensor& gy, bool owned,
                                   Gradients& gradients);
    /// On to the gradient of the input x (undefined unless wanted).
    at::Tensor backward_convolution(const at::Tensor& gz, const at::Tensor& x, bool want_input,
                                    Gradients& gradients);
    void list(const std::string& prefix, StateList& state);

    at::Tensor weight;                       ///< [out, in, k, k]
    at::Tensor gamma, beta, mean, variance;  ///< [out]
    at::Tensor batches;  ///< int64 scalar: batches seen, as the state_dict counts
    int stride, padding;
    bool frozen = false;
};

/// Two 3×3 blocks, and the input added where `shortcut`.
struct Bottleneck {
    struct Tape {
        Feature first, second;
    };
    Bottleneck(std::int64_t channels, bool shortcut_);
    /// `out` takes the output: channels of a concatenation, as x is.
    void forward(const at::Tensor& x, const at::Tensor& out, Mode mode, Tape& tape);
    /// Adds the gradient of the input to gx.
    void backward(Tape& tape, const at::Tensor& gy, const at::Tensor& x, const at::Tensor& gx,
                  Gradients& gradients);
    void list(const std::string& prefix, StateList& state);

    ConvBlock cv1, cv2;
    bool shortcut;
};

/// Cross-stage block: 1×1 to two halves, `repeats` bottlenecks in a chain on the second, 1×1 over
/// all.
struct C2f {
    struct Tape {
        Feature first;
        std::vector<Bottleneck::Tape> m;
        Feature out;  ///< the block's output
    };
    C2f(std::int64_t in, std::int64_t out, int repeats, bool shortcut);
    void forward(const at::Tensor& x, Mode mode, Tape& tape);
    at::Tensor backward(Tape& tape, const at::Tensor& gy, const Remake& x, Gradients& gradients);
    void list(const std::string& prefix, StateList& state);
    void freeze(bool on);

    ConvBlock cv1, cv2;
    std::vector<Bottleneck> m;

 private:
    at::Tensor concatenation(const Feature& like) const;
    at::Tensor part(const at::Tensor& all, std::size_t index) const;
};

/// Spatial pyramid pooling: three 5×5 max pools in a chain, concatenated.
struct Sppf {
    struct Tape {
        Feature first, out;
    };
    Sppf(std::int64_t in, std::int64_t out);
    void forward(const at::Tensor& x, Mode mode, Tape& tape);
    at::Tensor backward(Tape& tape, const at::Tensor& gy, const Remake& x, Gradients& gradients);
    void list(const std::string& prefix, StateList& state);

    ConvBlock cv1, cv2;
};

/// One branch of the head at one level: two 3×3 blocks and a 1×1 convolution with bias.
struct HeadBranch {
    struct Tape {
        Feature first, second;
    };
    HeadBranch(std::int64_t in, std::int64_t hidden, std::int64_t out);
    at::Tensor forward(const at::Tensor& x, Mode mode, Tape& tape);
    at::Tensor backward(Tape& tape, const at::Tensor& gy, const at::Tensor& x,
                        Gradients& gradients);
    void list(const std::string& prefix, StateList& state);

    ConvBlock first, second;
    at::Tensor weight, bias;  ///< [out, hidden, 1, 1], [out]
};

/// Decoupled head over three levels.
struct Head {
    struct Tape {
        std::array<HeadBranch::Tape, 3> box, cls;
    };
    Head(const std::array<std::int64_t, 3>& in, std::int64_t nc);
    /// The raw map of one level.
    at::Tensor forward(std::size_t level, const at::Tensor& x, Mode mode, Tape& tape);
    at::Tensor backward(std::size_t level, Tape& tape, const at::Tensor& gy, const at::Tensor& x,
                        Gradients& gradients);
    void list(const std::string& prefix, StateList& state);

    std::vector<HeadBranch> box, cls;
    at::Tensor dfl;  ///< [1, 16, 1, 1]: 0 … 15, constant
};

}  // namespace yolotrain::detail
