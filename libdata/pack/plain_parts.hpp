// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pack/plain_pictures.hpp"
#include "yolodata/core/dataset.hpp"
#include "yolodata/pack/pack.hpp"

namespace yolodata::pack {

/// The plain pictures of the whole dataset, for a part of its variants (options.part of options.parts > 1).
///
/// Variants take partners from the whole split, and how many images of it are good decides their order: every part
/// needs the plain pictures of all. They lie in a place that the parts share. Each part makes its own share first, then
/// whatever nobody is making; only for what others are making just now does it wait, so that parts may run one after
/// the other as well as beside each other. What stands already is trusted where sizes and times of all files are as
/// they were when it was made, else hashed. nullopt: the report says what ended it.
/// Throws Error: forbidden_state (another process replaced what had been made), OutOfResources, and what pack() throws.
std::optional<PlainPictures> make_plain_parts(const Dataset& dataset, const std::vector<Split>& splits, const std::string& whole_out,
                                              const PackOptions& options, const PackProgress& progress, PackReport& report);

}  // namespace yolodata::pack
