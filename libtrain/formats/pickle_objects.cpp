// SPDX-License-Identifier: Apache-2.0
// Containers, names and objects of a pickle.
#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <utility>

#include "pickle_machine.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/utf8.hpp"

namespace yolotrain::formats {

namespace {

/// "set" of "builtins.set" and of Python 2's "__builtin__.set"; empty for other modules.
std::string_view builtin(std::string_view name) {
    for (const std::string_view module : {"builtins.", "__builtin__."}) {
        if (name.starts_with(module)) return name.substr(module.size());
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

}  // namespace yolotrain::formats
