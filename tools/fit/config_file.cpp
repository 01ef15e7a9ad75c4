// SPDX-License-Identifier: Apache-2.0
#include "fit/config_file.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "common/command_line.hpp"
#include "yolodata/core/file.hpp"

namespace tools {

namespace {

constexpr std::uint64_t kLimit = 1u << 20;  ///< a config of more than a megabyte is some other file

[[noreturn]] void refuse(const std::string& path, const YAML::Mark& mark, const std::string& what) {
    throw UsageError{fmt::format("{}:{}: {}", path, mark.line + 1, what)};
}

}  // namespace

std::vector<std::pair<std::string, std::string>> read_config(const std::string& path) {
    std::vector<std::pair<std::string, std::string>> entries;
    try {
        const YAML::Node root = YAML::Load(yolodata::read_text_file(path, kLimit));
        if (root.IsNull()) return entries;
        if (!root.IsMap()) refuse(path, root.Mark(), "expected a table of options, as `epochs: 100`");
        for (const auto& entry : root) {
            if (!entry.first.IsScalar()) refuse(path, entry.first.Mark(), "expected the name of an option");
            const std::string& key = entry.first.Scalar();
            if (entry.second.IsNull() || (entry.second.IsScalar() && entry.second.Scalar() == "None")) continue;
            if (!entry.second.IsScalar()) {
                refuse(path, entry.second.Mark(), fmt::format("'{}' must have one value", key));
            }
            entries.emplace_back(key, entry.second.Scalar());
        }
    } catch (const YAML::Exception& error) {
        refuse(path, error.mark, error.msg);
    }
    return entries;
}

}  // namespace tools
