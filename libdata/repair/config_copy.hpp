// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace yolodata {

/// The text of a data.yaml for a copy of the dataset: `path:` is `home` (the way from the file's
/// folder to the copy's root), and paths that begin with the old root are relative. Everything else
/// keeps its bytes. Only block style, as data.yaml files are written.
std::string config_for_copy(std::string_view text, const std::string& root,
                            const std::string& home);

/// Lines that begin with the old root become relative: "./" and, from the list's folder, the way.
std::string list_for_copy(std::string_view text, const std::string& root, const std::string& home);

}  // namespace yolodata
