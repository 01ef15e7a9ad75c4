// SPDX-License-Identifier: Apache-2.0
// Lines of list files (train.txt) that name pictures which are moved away, or nothing at all.
#pragma once

#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "yolodata/core/dataset.hpp"
#include "yolodata/repair/plan.hpp"

namespace yolodata {

struct DroppedLine {
    Splice splice;
    std::uint32_t line = 0;  ///< from 1
    std::string path;        ///< of the image that it names, as in ImageRef
};

/// The lines of the list file `list` (as in Dataset::list_files) that name one of `gone`.
std::vector<DroppedLine> lines_naming(std::span<const std::byte> content, const Dataset& dataset,
                                      const std::string& list, const std::set<std::string>& gone);

}  // namespace yolodata
