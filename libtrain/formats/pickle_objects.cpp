// SPDX-License-Identifier: Apache-2.0
// Containers, names, objects and tensors of a pickle.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "pickle_machine.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/utf8.hpp"

namespace yolotrain::formats {

namespace {

constexpr std::size_t most_dimensions = 32;

/// "set" of "builtins.set" and of Python 2's "__builtin__.set"; empty for other modules.
std::string_view builtin(std::string_view name) {
    for (const std::string_view module : {"builtins.", "__builtin__."}) {
        if (name.starts_with(module)) return name.substr(module.size());
    }
    return {};
}

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

bool PickleMachine::container(std::uint8_t op) {
    switch (op) {
        case ']':
            make(Kind::list);
            return true;
        case '}':
            make(Kind::dict);
            return true;
        case 0x8f:
            make(Kind::set);
            return true;
        case ')':
            make(Kind::tuple);
            return true;
        case 0x85:
            tuple(1);
            return true;
        case 0x86:
            tuple(2);
            return true;
        case 0x87:
            tuple(3);
            return true;
        case 't':
        case 'l':
        case 'd':
        case 0x91: {
            auto items = pop_to_mark();
            if (op == 'd' && items.size() % 2 != 0) damaged("a key has no value");
            const Kind kind = op == 't'   ? Kind::tuple
                              : op == 'l' ? Kind::list
                              : op == 'd' ? Kind::dict
                                          : Kind::set;
            spend_items(items.size());
            make(kind).items = std::move(items);
            return true;
        }
        default:
            return false;
    }
}

void PickleMachine::tuple(std::size_t count) {
    std::vector<NodeId> items(count);
    for (std::size_t i = count; i-- > 0;) items[i] = pop();
    make(Kind::tuple).items = std::move(items);
}

bool PickleMachine::filling(std::uint8_t op) {
    switch (op) {
        case 'a': {
            const NodeId value = pop();
            append(top(), {value}, false);
            return true;
        }
        case 's': {
            const NodeId value = pop(), key = pop();
            append(top(), {key, value}, true);
            return true;
        }
        case 'e':
        case 0x90:
        case 'u': {
            const auto items = pop_to_mark();
            append(top(), items, op == 'u');
            return true;
        }
        default:
            return false;
    }
}

/// Into a list, set or dict; what a shell's class would do with it is not known, so it is let go.
void PickleMachine::append(NodeId target, const std::vector<NodeId>& items, bool pairs) {
    Node& into = out_.nodes[target];
    if (into.kind == Kind::object) return;
    const bool fits =
        pairs ? into.kind == Kind::dict : into.kind == Kind::list || into.kind == Kind::set;
    if (!fits || (pairs && items.size() % 2 != 0)) damaged("it fills what is no container");
    spend_items(items.size());
    into.items.insert(into.items.end(), items.begin(), items.end());
}

bool PickleMachine::object(std::uint8_t op) {
    switch (op) {
        case 'c': {
            const std::string module = line();
            global(module, line());
            return true;
        }
        case 0x93: {
            const std::string name = node(pop()).text, module = node(pop()).text;
            global(module, name);
            return true;
        }
        case 'R':
            call();
            return true;
        case 0x81: {
            const NodeId arguments = pop();
            construct(pop(), arguments);
            return true;
        }
        case 0x92: {
            (void)pop();  // keyword arguments
            const NodeId arguments = pop();
            construct(pop(), arguments);
            return true;
        }
        case 'b':
            build();
            return true;
        case 'Q':
            persistent();
            return true;
        default:
            return false;
    }
}

void PickleMachine::global(const std::string& module, const std::string& name) {
    std::string full = module + "." + name;
    if (!is_known_global(full)) {
        unsupported(fmt::format(
            "{}: this file would run code. It is no tensor, container or class of torch.nn or "
            "ultralytics.nn. If you trust the file, save its weights alone in Python: "
            "torch.save(model.state_dict(), \"weights.pt\")",
            yolodata::printable(full)));
    }
    spend(full.size());
    make(Kind::global).text = std::move(full);
}

void PickleMachine::call() {
    const NodeId arguments = pop(), callable = pop();
    const Node& args = node(arguments);
    if (node(callable).kind != Kind::global || args.kind != Kind::tuple) {
        damaged("it calls what is no function");
    }
    const std::string& name = node(callable).text;
    if (name == "torch._utils._rebuild_tensor_v2") {
        tensor(args);
    } else if (name.starts_with("torch._utils._rebuild_parameter")) {
        if (args.items.empty() || node(args.items[0]).kind != Kind::tensor) {
            damaged("a parameter has no tensor");
        }
        push(args.items[0]);
    } else {
        construct(callable, arguments);
    }
}

/// An object without running its class: a container, or a shell.
void PickleMachine::construct(NodeId callable, NodeId arguments) {
    if (node(callable).kind != Kind::global || node(arguments).kind != Kind::tuple) {
        damaged("it makes an object of what is no class");
    }
    if (construct_container(node(callable).text, node(arguments))) return;
    spend(node(callable).text.size());
    spend_items(node(arguments).items.size());
    Node& shell = make(Kind::object);
    shell.text = node(callable).text;
    shell.items = node(arguments).items;
}

bool PickleMachine::construct_container(const std::string& name, const Node& arguments) {
    const std::string_view type = builtin(name);
    std::optional<Kind> kind;
    if (name == "collections.OrderedDict" || name == "collections.defaultdict" || type == "dict") {
        make(Kind::dict);  // filled by what follows; a start from pairs is not written by torch
        return true;
    }
    if (type == "set" || type == "frozenset") kind = Kind::set;
    if (type == "list") kind = Kind::list;
    if (type == "tuple" || name == "torch.Size") kind = Kind::tuple;
    if (!kind) return false;
    std::vector<NodeId> items;
    if (!arguments.items.empty()) {
        const Node& from = node(arguments.items[0]);
        if (from.kind != Kind::list && from.kind != Kind::tuple && from.kind != Kind::set) {
            damaged("it makes a container of what is none");
        }
        spend_items(from.items.size());
        items = from.items;
    }
    make(*kind).items = std::move(items);
    return true;
}

void PickleMachine::build() {
    const NodeId state = pop();
    Node& target = out_.nodes[top()];
    // Attributes of a dict or of a parameter tell nothing about weights.
    if (target.kind == Kind::object) {
        target.state = state;
    } else if (target.kind != Kind::dict && target.kind != Kind::tensor &&
               target.kind != Kind::set) {
        damaged("it gives attributes to what has none");
    }
}

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
