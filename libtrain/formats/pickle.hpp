// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// What a pickle holds, as data. Python runs a pickle: it imports what it names and calls it. Here
// nothing is imported or called: numbers, texts and containers are built, tensors are described,
// objects of torch.nn's and Ultralytics' classes are kept as shells with their attributes, and
// every other name is refused.

namespace yolotrain::formats {

/// The index of a node in its Pickle: containers that share, or hold themselves, are fine.
using NodeId = std::uint32_t;
constexpr NodeId no_node = 0;  ///< also the node of None

enum class Kind : std::uint8_t {
    none,
    boolean,
    integer,
    number,
    text,
    bytes,
    list,
    tuple,
    dict,
    set,
    global,
    object,
    storage,
    tensor
};

struct Node {
    Kind kind = Kind::none;
    std::int64_t integer = 0;  ///< boolean, integer; storage and tensor: index into their tables
    double number = 0;
    std::string text;           ///< text, bytes; global and object: "module.name"
    std::vector<NodeId> items;  ///< list, tuple, set; dict: key, value, key … ; object: arguments
    NodeId state = no_node;     ///< object: its attributes, most often a dict
};

enum class Dtype : std::uint8_t { f64, f32, f16, bf16, i64, i32, i16, i8, u8, boolean };
std::uint64_t element_size(Dtype dtype);  ///< bytes

/// Bytes of the archive that tensors look into: its record "data/KEY".
struct StorageRef {
    std::string key;
    Dtype dtype = Dtype::f32;
    std::uint64_t elements = 0;
};

/// A view of a storage. Checked: every element that sizes and strides reach lies in it, and a view
/// that repeats elements is not blown up (`most_repeated` elements at most).
struct TensorRef {
    std::size_t storage = 0;                   ///< index into Pickle::storages
    std::uint64_t offset = 0;                  ///< elements
    std::vector<std::int64_t> sizes, strides;  ///< strides in elements
    std::uint64_t elements = 1;
};
constexpr std::uint64_t most_repeated = 1U << 20U;

/// Everything that one pickle made; nodes never move and live as long as it.
struct Pickle {
    std::deque<Node> nodes;
    std::vector<StorageRef> storages;
    std::vector<TensorRef> tensors;
    NodeId root = no_node;

    const Node& at(NodeId id) const { return nodes[id]; }
    /// The value of a dict's (or an object's attribute dict's) key; no_node if it is not there.
    NodeId find(const Node& dict_or_object, std::string_view key) const;
};

/// Limits: bytes of a pickle, and nodes that it may make, keep or stack. yolov8x: 0.2 MB, 40,000.
constexpr std::uint64_t most_pickle_bytes = 64U << 20U;
constexpr std::size_t most_nodes = 4'000'000;
/// Bytes of items, texts and shapes that nodes may hold beside what the pickle spells out. A few
/// bytes of a pickle copy a container of any length, so that nodes alone limit nothing.
constexpr std::uint64_t most_copied = 64U << 20U;

/// Reads protocols 2 to 5 (and the binary part of 1). Throws yolodata::Error: corrupt with the byte
/// at which it is damaged; unsupported naming what is refused. Messages begin with `path`.
Pickle parse_pickle(std::span<const std::byte> bytes, const std::string& path);

/// Whether a pickle may name this: containers, tensors' parts, classes of torch.nn and ultralytics.
bool is_known_global(std::string_view name);

}  // namespace yolotrain::formats
