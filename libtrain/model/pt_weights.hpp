// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "yolotrain/model/weights.hpp"

namespace yolotrain::detail {

/// The model in a file of torch.save. Throws yolodata::Error as formats::PtFile and
/// formats::find_state_dict do.
TensorFile read_pt(const std::string& path);

}  // namespace yolotrain::detail
