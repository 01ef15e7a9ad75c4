// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "layers.hpp"

namespace yolotrain::detail {

/// What the backward pass of a whole network needs: the convolutions' outputs and the input.
struct Tape {
    at::Tensor image;
    Feature f0, f1, f3, f5, f7, f16, f19;
    C2f::Tape c2, c4, c6, c8, c12, c15, c18, c21;
    Sppf::Tape c9;
    Head::Tape head;
};

/// The layers model.0 … model.22 and how they are connected. Never moves: its list points into it.
class Network {
 public:
    Network(Scale scale, std::int64_t nc);
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;

    /// Without autograd. A tape is filled for backward() where the mode says so. A pass that does not train
    /// changes nothing of the network.
    RawMaps forward(const at::Tensor& image, Mode mode, Tape& tape);
    /// Gradients of `parameters`, in their order, from those of the maps. Empties the tape as it
    /// goes.
    std::vector<at::Tensor> backward(Tape& tape, const RawMaps& gradients_of_maps);

    void initialise(std::uint64_t seed);
    void freeze(int layers);
    /// Rebuilds the lists after tensors changed their place, their device or who may train them.
    void refresh();

    Scale scale;
    std::int64_t nc;
    bool training = true;
    at::ScalarType compute = at::kFloat;  ///< of convolutions and of what lies between them
    StateList list;
    std::vector<NamedTensor> state, parameters;

 private:
    struct Width;
    Network(Scale scale, std::int64_t nc, const Width& width);
    /// [up(low), high] and [down, high] along the channels.
    static at::Tensor join_up(const Feature& low, const Feature& high);
    static at::Tensor join(const Feature& down, const Feature& high);
    bool trains(int layer) const { return layer >= frozen_layers_; }

    int frozen_layers_ = 0;
    std::vector<const at::Tensor*> trained_;
    ConvBlock conv0, conv1;
    C2f c2f2;
    ConvBlock conv3;
    C2f c2f4;
    ConvBlock conv5;
    C2f c2f6;
    ConvBlock conv7;
    C2f c2f8;
    Sppf sppf9;
    C2f c2f12, c2f15;
    ConvBlock conv16;
    C2f c2f18;
    ConvBlock conv19;
    C2f c2f21;
    Head head22;
};

}  // namespace yolotrain::detail
