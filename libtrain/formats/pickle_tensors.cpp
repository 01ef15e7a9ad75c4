// SPDX-License-Identifier: Apache-2.0
// Storages and tensors of a pickle: what torch.save writes of them.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "pickle_machine.hpp"
#include "yolodata/core/error.hpp"

namespace yolotrain::formats {

namespace {

constexpr std::size_t most_dimensions = 32;

std::optional<Dtype> storage_dtype(std::string_view name) {
    constexpr std::pair<std::string_view, Dtype> table[] = {
        {"torch.DoubleStorage", Dtype::f64},        {"torch.FloatStorage", Dtype::f32},
        {"torch.HalfStorage", Dtype::f16},          {"torch.BFloat16Storage", Dtype::bf16},
        {"torch.LongStorage", Dtype::i64},          {"torch.IntStorage", Dtype::i32},
        {"torch.ShortStorage", Dtype::i16},         {"torch.CharStorage", Dtype::i8},
        {"torch.ByteStorage", Dtype::u8},           {"torch.BoolStorage", Dtype::boolean},
        {"torch.storage.UntypedStorage", Dtype::u8}};
    for (const auto& [key, dtype] : table) {
        if (key == name) return dtype;
    }
    return {};
}

}  // namespace

std::uint64_t PickleMachine::size_of(const Node& value, const char* what) {
    if (value.kind != Kind::integer || value.integer < 0) {
        damaged(fmt::format("{} is no whole number", what));
    }
    return static_cast<std::uint64_t>(value.integer);
}

/// ("storage", its class, key, device, elements)
void PickleMachine::persistent() {
    const Node& id = node(pop());
    if (id.kind != Kind::tuple || id.items.size() < 5 || node(id.items[0]).text != "storage" ||
        node(id.items[1]).kind != Kind::global || node(id.items[2]).kind != Kind::text) {
        damaged("it refers to what is no storage");
    }
    const auto dtype = storage_dtype(node(id.items[1]).text);
    if (!dtype) damaged("a storage is of no type");
    spend(sizeof(StorageRef) + node(id.items[2]).text.size());
    StorageRef storage{node(id.items[2]).text, *dtype,
                       size_of(node(id.items[4]), "a storage's size")};
    make(Kind::storage).integer = static_cast<std::int64_t>(out_.storages.size());
    out_.storages.push_back(std::move(storage));
}

/// (storage, offset, sizes, strides, requires_grad, hooks …)
void PickleMachine::tensor(const Node& arguments) {
    const auto& items = arguments.items;
    if (items.size() < 4 || node(items[0]).kind != Kind::storage ||
        node(items[2]).kind != Kind::tuple || node(items[3]).kind != Kind::tuple) {
        damaged("a tensor is not described");
    }
    const auto& sizes = node(items[2]).items;
    const auto& strides = node(items[3]).items;
    if (sizes.size() != strides.size() || sizes.size() > most_dimensions) {
        damaged("a tensor has too many dimensions, or not as many strides");
    }
    spend(sizeof(TensorRef) + 2 * sizes.size() * sizeof(std::int64_t));
    TensorRef out;
    out.storage = static_cast<std::size_t>(node(items[0]).integer);
    out.offset = size_of(node(items[1]), "a tensor's offset");
    const std::uint64_t capacity = out_.storages[out.storage].elements;
    constexpr auto limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    unsigned __int128 last = out.offset;  // the farthest element that is reached
    std::uint64_t room = 1;               // elements, an empty dimension taken as one
    for (std::size_t d = 0; d < sizes.size(); ++d) {
        const std::uint64_t size = size_of(node(sizes[d]), "a tensor's size");
        const std::uint64_t stride = size_of(node(strides[d]), "a tensor's stride");
        if (size != 0 && room > limit / size) damaged("a tensor is too large");
        room *= std::max<std::uint64_t>(size, 1);
        out.elements *= size;
        if (size > 1) last += static_cast<unsigned __int128>(size - 1) * stride;
        out.sizes.push_back(static_cast<std::int64_t>(size));
        out.strides.push_back(static_cast<std::int64_t>(stride));
    }
    if (out.elements > 0 && last >= capacity) {
        damaged(fmt::format("a tensor of {} elements reaches beyond its storage of {}",
                            out.elements, capacity));
    }
    if (out.elements > std::max(capacity, most_repeated)) {
        damaged(fmt::format("a tensor blows a storage of {} elements up to {}", capacity,
                            out.elements));
    }
    make(Kind::tensor).integer = static_cast<std::int64_t>(out_.tensors.size());
    out_.tensors.push_back(std::move(out));
}

}  // namespace yolotrain::formats
