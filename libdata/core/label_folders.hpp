// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include "split_files.hpp"
#include "yolodata/core/dataset.hpp"

namespace yolodata {

/// Looks once into each folder where labels of the data set belong: sets ImageRef::has_label and collects
/// Dataset::orphan_labels. `places` holds what each split led to.
void look_for_labels(Dataset& dataset, const std::vector<SplitFiles>& places);

}  // namespace yolodata
