// SPDX-License-Identifier: Apache-2.0
#include "pt_weights.hpp"

#include <ATen/ATen.h>

#include <array>
#include <cstddef>
#include <vector>

#include "formats/checkpoint.hpp"
#include "formats/pt_file.hpp"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "torch.save writes little-endian numbers");

namespace yolotrain::detail {

namespace {

at::ScalarType scalar_type(formats::Dtype dtype) {
    constexpr std::array<at::ScalarType, 10> types = {
        at::kDouble, at::kFloat, at::kHalf, at::kBFloat16, at::kLong,
        at::kInt,    at::kShort, at::kChar, at::kByte,     at::kBool};
    return types[static_cast<std::size_t>(dtype)];
}

}  // namespace

TensorFile read_pt(const std::string& path) {
    const formats::FileSource source(path);
    formats::PtFile file(source, path);
    const formats::Pickle& pickle = file.pickle();
    formats::StateDict state = formats::find_state_dict(pickle, path);
    TensorFile out;
    out.metadata = std::move(state.metadata);
    std::vector<formats::NodeId> tensors;
    for (const auto& item : state.items) tensors.push_back(item.tensor);
    file.require_proportion(tensors);
    for (const auto& item : state.items) {
        const auto& view = pickle.tensors[static_cast<std::size_t>(pickle.at(item.tensor).integer)];
        const auto dtype = pickle.storages[view.storage].dtype;
        auto tensor = at::empty(view.sizes, at::TensorOptions().dtype(scalar_type(dtype)));
        file.read(view, {static_cast<std::byte*>(tensor.data_ptr()),
                         static_cast<std::size_t>(tensor.nbytes())});
        out.tensors.push_back({item.name, std::move(tensor)});
    }
    return out;
}

}  // namespace yolotrain::detail
