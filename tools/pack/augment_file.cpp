// SPDX-License-Identifier: Apache-2.0
#include "pack/augment_file.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "common/command_line.hpp"
#include "common/option_value.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/label.hpp"
#include "yolodata/pack/augment_options.hpp"

namespace tools {

namespace {

using yolodata::VariantOptions;
constexpr std::uint64_t longest_file = 1u << 20;

[[noreturn]] void refuse(const std::string& path, const YAML::Mark& mark, const std::string& what) {
    throw UsageError{fmt::format("{}:{}: {}", path, mark.line + 1, what)};
}

double number(const std::string& path, const std::string& key, const YAML::Node& node) {
    double value = 0;
    if (!node.IsScalar() || !yolodata::parse_number(node.Scalar(), value))
        refuse(path, node.Mark(), fmt::format("{} must be a number", key));
    return value;
}

std::vector<int> flip_indices(const std::string& path, const YAML::Node& node) {
    std::vector<int> indices;
    bool each_once = node.IsSequence() && node.size() > 0;
    if (each_once) {
        std::vector<bool> seen(node.size());
        for (const auto& entry : node) {
            const double x = number(path, "flip_idx", entry);
            // Not below 0, not NaN, none beyond the last: what is cast fits.
            if (!(x >= 0 && x < static_cast<double>(seen.size())) || x != std::floor(x) || seen[static_cast<std::size_t>(x)]) {
                each_once = false;
                break;
            }
            seen[static_cast<std::size_t>(x)] = true;
            indices.push_back(static_cast<int>(x));
        }
    }
    if (!each_once)
        refuse(path, node.Mark(), "flip_idx must list each key point once, by its number from 0: the one it becomes in the mirror");
    return indices;
}

[[noreturn]] void refuse_key(const std::string& path, const YAML::Mark& mark, const std::string& key) {
    std::vector<std::string> known{"flip_idx"};
    for (const auto& field : yolodata::pack::augment_fields()) known.emplace_back(field.name);
    const std::string meant = nearest(key, known);
    refuse(path, mark, fmt::format("there is no augmentation '{}'{}", key, meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant)));
}

void read_entry(const std::string& path, const std::string& key, const YAML::Node& key_node, const YAML::Node& value,
                VariantOptions& options) {
    if (key == "flip_idx") {
        options.flip_idx = flip_indices(path, value);
        return;
    }
    const auto fields = yolodata::pack::augment_fields();
    const auto field = std::find_if(fields.begin(), fields.end(), [&](const auto& f) { return key == f.name; });
    if (field == fields.end()) refuse_key(path, key_node.Mark(), key);
    const double x = number(path, key, value);
    if (!(x >= field->min && x <= field->max))
        refuse(path, value.Mark(), fmt::format("{} = {} is not within {}…{}", key, value.Scalar(), field->min, field->max));
    options.*field->member = x;
}

}  // namespace

VariantOptions read_augment_file(const std::string& path) {
    VariantOptions options;
    try {
        const YAML::Node root = YAML::Load(yolodata::read_text_file(path, longest_file));
        if (root.IsNull()) return options;
        if (!root.IsMap()) refuse(path, root.Mark(), "expected a table of augmentations, as `degrees: 10`");
        std::set<std::string> seen;
        for (const auto& entry : root) {
            if (!entry.first.IsScalar()) refuse(path, entry.first.Mark(), "expected the name of an augmentation");
            if (!seen.insert(entry.first.Scalar()).second)
                refuse(path, entry.first.Mark(), fmt::format("{} stands twice", entry.first.Scalar()));
            read_entry(path, entry.first.Scalar(), entry.first, entry.second, options);
        }
    } catch (const YAML::Exception& error) {
        refuse(path, error.mark, error.msg);
    }
    return options;
}

}  // namespace tools
