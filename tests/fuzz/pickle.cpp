// SPDX-License-Identifier: Apache-2.0
// The pickle of a .pt file. Nothing unknown is named, every tensor lies in its storage, and the
// walk over modules ends.
#include "formats/pickle.hpp"

#include <algorithm>

#include "formats/checkpoint.hpp"
#include "fuzz.hpp"
#include "yolodata/core/error.hpp"

namespace {

using namespace yolotrain::formats;

void demand_inside(const Pickle& pickle, const TensorRef& tensor) {
    fuzz::demand(tensor.storage < pickle.storages.size(), "a tensor has a storage");
    fuzz::demand(tensor.sizes.size() == tensor.strides.size(), "as many strides as sizes");
    const auto capacity = pickle.storages[tensor.storage].elements;
    fuzz::demand(tensor.elements <= std::max(capacity, most_repeated), "no tensor is blown up");
    unsigned __int128 last = tensor.offset;
    for (std::size_t d = 0; d < tensor.sizes.size(); ++d) {
        fuzz::demand(tensor.sizes[d] >= 0 && tensor.strides[d] >= 0, "no negative size or stride");
        if (tensor.sizes[d] == 0) return;
        last += static_cast<unsigned __int128>(tensor.sizes[d] - 1) *
                static_cast<unsigned __int128>(tensor.strides[d]);
    }
    fuzz::demand(last < capacity, "a tensor lies in its storage");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        const Pickle pickle = parse_pickle(fuzz::bytes(data, size), "w.pt");
        for (const Node& node : pickle.nodes) {
            if (node.kind == Kind::global || node.kind == Kind::object) {
                fuzz::demand(is_known_global(node.text), "only known names are kept");
            }
            for (const NodeId item : node.items) {
                fuzz::demand(item < pickle.nodes.size(), "containers hold nodes");
            }
        }
        for (const TensorRef& tensor : pickle.tensors) demand_inside(pickle, tensor);
        for (const auto& item : find_state_dict(pickle, "w.pt").items) {
            fuzz::demand(pickle.at(item.tensor).kind == Kind::tensor, "a state_dict holds tensors");
        }
    } catch (const yolodata::Error& error) {
        fuzz::demand(error.kind() == yolodata::ErrorKind::corrupt ||
                         error.kind() == yolodata::ErrorKind::unsupported,
                     "a bad pickle is corrupt or unsupported");
    }
    return 0;
}
