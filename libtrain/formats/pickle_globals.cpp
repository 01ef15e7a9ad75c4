// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>

#include "pickle.hpp"

namespace yolotrain::formats {

namespace {

/// Containers, what torch.save makes tensors of, and what else stands in checkpoints as plain data.
constexpr std::string_view known_names[] = {
    "__builtin__.bool",
    "__builtin__.dict",
    "__builtin__.float",
    "__builtin__.frozenset",
    "__builtin__.int",
    "__builtin__.list",
    "__builtin__.set",
    "__builtin__.slice",
    "__builtin__.tuple",
    "_codecs.encode",
    "builtins.bool",
    "builtins.dict",
    "builtins.float",
    "builtins.frozenset",
    "builtins.int",
    "builtins.list",
    "builtins.set",
    "builtins.slice",
    "builtins.tuple",
    "collections.OrderedDict",
    "collections.defaultdict",
    "datetime.datetime",
    "numpy._core.multiarray.scalar",
    "numpy.core.multiarray.scalar",
    "numpy.dtype",
    "pathlib.Path",
    "pathlib.PosixPath",
    "pathlib.PurePosixPath",
    "pathlib.PureWindowsPath",
    "pathlib.WindowsPath",
    "pathlib._local.PosixPath",
    "pathlib._local.WindowsPath",
    "torch.BFloat16Storage",
    "torch.BoolStorage",
    "torch.ByteStorage",
    "torch.CharStorage",
    "torch.DoubleStorage",
    "torch.FloatStorage",
    "torch.HalfStorage",
    "torch.IntStorage",
    "torch.LongStorage",
    "torch.ShortStorage",
    "torch.Size",
    "torch._utils._rebuild_parameter",
    "torch._utils._rebuild_parameter_with_state",
    "torch._utils._rebuild_tensor_v2",
    "torch.bfloat16",
    "torch.bool",
    "torch.device",
    "torch.float16",
    "torch.float32",
    "torch.float64",
    "torch.int16",
    "torch.int32",
    "torch.int64",
    "torch.int8",
    "torch.serialization._get_layout",
    "torch.storage.UntypedStorage",
    "torch.uint8",
};
static_assert(std::is_sorted(std::begin(known_names), std::end(known_names)));

/// A class by the custom of both projects: its name begins with a capital letter. Functions, which
/// could do anything with their arguments, stay outside.
bool is_class_of(std::string_view name, std::string_view package) {
    if (!name.starts_with(package)) return false;
    const auto last = name.rfind('.') + 1;
    return last < name.size() && name[last] >= 'A' && name[last] <= 'Z' &&
           std::all_of(name.begin(), name.end(), [](unsigned char c) {
               return std::isalnum(c) != 0 || c == '_' || c == '.';
           });
}

}  // namespace

bool is_known_global(std::string_view name) {
    return std::binary_search(std::begin(known_names), std::end(known_names), name) ||
           is_class_of(name, "torch.nn.") || is_class_of(name, "ultralytics.");
}

std::uint64_t element_size(Dtype dtype) {
    constexpr std::array<std::uint8_t, 10> sizes = {8, 4, 2, 2, 8, 4, 2, 1, 1, 1};
    return sizes[static_cast<std::size_t>(dtype)];
}

NodeId Pickle::find(const Node& dict_or_object, std::string_view key) const {
    const Node& dict =
        dict_or_object.kind == Kind::object ? at(dict_or_object.state) : dict_or_object;
    if (dict.kind != Kind::dict) return no_node;
    NodeId found = no_node;  // of equal keys the last stands, as in Python
    for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
        const Node& name = at(dict.items[i]);
        if (name.kind == Kind::text && name.text == key) found = dict.items[i + 1];
    }
    return found;
}

}  // namespace yolotrain::formats
