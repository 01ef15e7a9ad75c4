// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "split_files.hpp"
#include "yolodata/core/dataset.hpp"

namespace yolodata {

/// Looks once into each folder where labels of the data set belong: sets ImageRef::has_label,
/// collects Dataset::orphan_labels, and tells pairs that match only when case is ignored. `places`
/// holds what each split led to.
void look_for_labels(Dataset& dataset, const std::vector<SplitFiles>& places);

/// Sorts the other files in the image folders: labels that lie beside their images although a
/// labels folder is expected (and the reverse), Ultralytics' caches, and what no trainer picks up.
void look_beside_images(Dataset& dataset, const std::vector<SplitFiles>& places);

/// Names in a folder, hidden ones too, sorted; empty if it cannot be listed.
std::vector<std::string> names_in(const std::string& folder);
/// A .txt file that is neither hidden nor LabelImg's classes.txt.
bool is_label_name(const std::string& name);
/// The name without its last suffix.
std::string stem_of(const std::string& name);
/// Text files of every kind may lie beside images; one that begins with a number is taken for a
/// label.
bool begins_with_number(const std::string& path);
/// The folder where the labels of an image folder belong.
std::string label_folder_of(const std::string& image_folder);

}  // namespace yolodata
