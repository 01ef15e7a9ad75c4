// SPDX-License-Identifier: Apache-2.0
#include "checkpoint.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "yolodata/core/error.hpp"
#include "yolodata/core/utf8.hpp"

namespace yolotrain::formats {

namespace {

using yolodata::Error;
using yolodata::ErrorKind;

constexpr int deepest_module = 64;
constexpr std::size_t most_tensors = 100'000;
constexpr std::size_t longest_name = 1000;  // bytes of a tensor's name
/// Class names, and their bytes in all. A shared text can stand for each of them.
constexpr std::size_t most_names = 100'000, most_name_bytes = 16U << 20U;
/// Entries looked at in a walk over modules; yolov8x: 10,000.
constexpr std::size_t most_work = 10'000'000;

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
    throw Error(ErrorKind::corrupt, path + ": not a sound checkpoint: " + what);
}

/// Left by FLOPs counters: "total_ops", "model.0.total_params".
bool is_of_a_counter(std::string_view name) {
    const auto last = name.substr(name.rfind('.') + 1);
    return last == "total_ops" || last == "total_params";
}

/// Walks modules as state_dict() does: own parameters, own buffers, then the children.
class ModuleWalk {
 public:
    ModuleWalk(const Pickle& pickle, const std::string& path) : pickle_(pickle), path_(path) {}

    void walk(const Node& module, const std::string& prefix, int depth) {
        if (depth > deepest_module) refuse(path_, "its modules are nested without end");
        spend(pickle_.at(module.state).items.size());
        take_tensors(module, "_parameters", prefix);
        take_tensors(module, "_buffers", prefix);
        const Node& children = pickle_.at(pickle_.find(module, "_modules"));
        if (children.kind != Kind::dict) return;
        spend(children.items.size());
        for (std::size_t i = 0; i + 1 < children.items.size(); i += 2) {
            const Node& name = pickle_.at(children.items[i]);
            const Node& child = pickle_.at(children.items[i + 1]);
            if (name.kind != Kind::text || child.kind != Kind::object) continue;
            walk(child, joined(prefix, name.text) + ".", depth + 1);
        }
    }

    std::vector<StateDict::Item> items;

 private:
    void take_tensors(const Node& module, const char* kind, const std::string& prefix) {
        const Node& dict = pickle_.at(pickle_.find(module, kind));
        if (dict.kind != Kind::dict) return;
        spend(dict.items.size());
        for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
            const Node& name = pickle_.at(dict.items[i]);
            const NodeId value = dict.items[i + 1];
            if (name.kind != Kind::text || pickle_.at(value).kind != Kind::tensor) continue;
            if (is_of_a_counter(name.text)) continue;
            if (items.size() >= most_tensors) refuse(path_, "it has too many tensors");
            items.push_back({joined(prefix, name.text), value});
        }
    }

    std::string joined(const std::string& prefix, const std::string& name) const {
        if (prefix.size() + name.size() > longest_name) {
            refuse(path_, "a tensor's name is too long");
        }
        return prefix + name;
    }

    /// Modules may be shared, so that few bytes name very many places: the walk has a limit.
    void spend(std::size_t looked_at) {
        work_ += looked_at + 1;
        if (work_ > most_work) refuse(path_, "it has too many modules");
    }

    const Pickle& pickle_;
    const std::string& path_;
    std::size_t work_ = 0;
};

std::vector<StateDict::Item> items_of_dict(const Pickle& pickle, const Node& dict,
                                           const std::string& path) {
    std::vector<StateDict::Item> items;
    for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
        const Node& name = pickle.at(dict.items[i]);
        const NodeId value = dict.items[i + 1];
        if (name.kind != Kind::text || pickle.at(value).kind != Kind::tensor) continue;
        if (is_of_a_counter(name.text)) continue;
        if (items.size() >= most_tensors) refuse(path, "it has too many tensors");
        if (name.text.size() > longest_name) refuse(path, "a tensor's name is too long");
        items.push_back({name.text, value});
    }
    return items;
}

/// Class names as JSON; empty if the node is neither a dict of numbers to names nor a list of
/// names.
std::string names_json(const Pickle& pickle, const Node& names, const std::string& path) {
    const bool dict = names.kind == Kind::dict;
    if (!dict && names.kind != Kind::list && names.kind != Kind::tuple) return {};
    const std::size_t step = dict ? 2 : 1;
    if (names.items.size() / step > most_names) refuse(path, "it has too many class names");
    std::vector<std::pair<std::int64_t, std::string>> found;  // in the file's order
    std::unordered_map<std::int64_t, std::size_t> place;      // of equal numbers the last stands
    std::size_t bytes = 0;
    for (std::size_t i = 0; i + step <= names.items.size(); i += step) {
        const Node& key = pickle.at(names.items[i]);
        const Node& value = pickle.at(names.items[i + step - 1]);
        if (dict && key.kind != Kind::integer) return {};
        const auto number = dict ? key.integer : static_cast<std::int64_t>(i);
        bytes += value.text.size();
        if (bytes > most_name_bytes) refuse(path, "its class names are too long");
        std::string text = value.text;
        if (value.kind == Kind::integer) text = std::to_string(value.integer);
        const auto [at, added] = place.try_emplace(number, found.size());
        if (added) {
            found.emplace_back(number, std::move(text));
        } else {
            found[at->second].second = std::move(text);
        }
    }
    // Not an ordered_json object: it looks for each key among all before.
    std::string json = "{";
    for (const auto& [number, text] : found) {
        constexpr auto replaced = nlohmann::json::error_handler_t::replace;
        json += fmt::format("{}\"{}\":{}", json.size() > 1 ? "," : "", number,
                            nlohmann::json(text).dump(-1, ' ', false, replaced));
    }
    return json + "}";
}

void take_names(const Pickle& pickle, const Node& holder, const std::string& path, StateDict& out) {
    std::string names = names_json(pickle, pickle.at(pickle.find(holder, "names")), path);
    if (!names.empty()) out.metadata["names"] = std::move(names);
}

void take_args(const Pickle& pickle, const Node& args, StateDict& out) {
    const Node* imgsz = &pickle.at(pickle.find(args, "imgsz"));
    if ((imgsz->kind == Kind::list || imgsz->kind == Kind::tuple) && !imgsz->items.empty()) {
        imgsz = &pickle.at(imgsz->items[0]);
    }
    if (imgsz->kind == Kind::integer && imgsz->integer > 0) {
        out.metadata["imgsz"] = fmt::format("[{0}, {0}]", imgsz->integer);
    }
    const Node& task = pickle.at(pickle.find(args, "task"));
    if (task.kind == Kind::text) out.metadata["task"] = task.text;
}

StateDict of_module(const Pickle& pickle, const Node& module, const std::string& path) {
    StateDict out;
    ModuleWalk walk(pickle, path);
    walk.walk(module, "", 0);
    out.items = std::move(walk.items);
    take_names(pickle, module, path, out);
    take_args(pickle, pickle.at(pickle.find(module, "args")), out);
    const Node& yaml = pickle.at(pickle.find(module, "yaml"));
    const Node& file = pickle.at(pickle.find(yaml, "yaml_file"));
    if (file.kind == Kind::text) out.metadata["architecture"] = yolodata::printable(file.text);
    return out;
}

bool is_module(const Pickle& pickle, const Node& node) {
    return node.kind == Kind::object && pickle.find(node, "_modules") != no_node;
}

/// Empty if the dict is none of a checkpoint's forms.
StateDict of_checkpoint(const Pickle& pickle, const Node& dict, const std::string& path) {
    for (const char* key : {"ema", "model", "model_state_dict", "state_dict"}) {
        const Node& value = pickle.at(pickle.find(dict, key));
        StateDict out;
        if (is_module(pickle, value)) {
            out = of_module(pickle, value, path);
        } else if (value.kind == Kind::dict) {
            out.items = items_of_dict(pickle, value, path);
        }
        if (out.items.empty()) continue;
        out.metadata["source"] = key;
        take_args(pickle, pickle.at(pickle.find(dict, "train_args")), out);
        if (!out.metadata.contains("names")) take_names(pickle, dict, path, out);
        return out;
    }
    return {};
}

}  // namespace

StateDict find_state_dict(const Pickle& pickle, const std::string& path) {
    const Node& root = pickle.at(pickle.root);
    StateDict out;
    if (is_module(pickle, root)) {
        out = of_module(pickle, root, path);
    } else if (root.kind == Kind::dict) {
        out = of_checkpoint(pickle, root, path);
        if (out.items.empty()) out.items = items_of_dict(pickle, root, path);
    }
    if (out.items.empty()) {
        throw Error(ErrorKind::corrupt,
                    path +
                        ": holds no weights: neither a state_dict nor a checkpoint with `ema`, "
                        "`model` or `state_dict`");
    }
    std::set<std::string> seen;
    for (const auto& item : out.items) {
        if (!seen.insert(item.name).second) {
            throw Error(ErrorKind::corrupt, fmt::format("{}: tensor {} stands twice", path,
                                                        yolodata::printable(item.name)));
        }
    }
    return out;
}

}  // namespace yolotrain::formats
