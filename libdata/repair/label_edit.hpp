// SPDX-License-Identifier: Apache-2.0
// What is done to the rows of one label file.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "verify/label_check.hpp"
#include "yolodata/repair/plan.hpp"

namespace yolodata {

struct LabelEdit {
    std::vector<Splice> splices;  ///< empty: nothing to do
    std::vector<Mend> mends;
    std::vector<Left> left;  ///< chosen rules that could not be mended; path is the caller's
    bool becomes_background = false;
};

using Chosen = std::function<bool(std::string_view rule, Fix fix)>;

/// Mends the rows that carry a chosen finding, again and again until none is left: a clipped box
/// may stand twice, a normalised one lie outside. Rows without one keep their bytes.
LabelEdit edit_label(std::span<const std::byte> bytes, const LabelContext& context,
                     const Chosen& chosen);

}  // namespace yolodata
