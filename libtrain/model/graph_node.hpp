// SPDX-License-Identifier: Apache-2.0
// A node of autograd's graph, owned as the LibTorch at hand owns it.
#pragma once

#include <torch/csrc/autograd/function.h>

#include <memory>
#include <type_traits>

namespace yolotrain::detail {

/// std::shared_ptr in LibTorch 1.13 to 2.6; later ones count the references inside the node.
using NodePointer = decltype(torch::autograd::Edge::function);

/// Takes over `node`. A template, because each LibTorch knows only one of the two ways.
template <class Pointer = NodePointer, class Node>
Pointer own(Node* node) {
    if constexpr (std::is_same_v<Pointer, std::shared_ptr<torch::autograd::Node>>) {
        return Pointer(node, [](auto* last) { deleteNode(last); });  // not by recursion: graphs are deep
    } else {
        return Pointer::unsafe_steal_from_new(node);
    }
}

}  // namespace yolotrain::detail
