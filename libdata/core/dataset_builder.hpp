// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "split_files.hpp"
#include "yolodata/core/dataset.hpp"

namespace yolodata {

/// Puts a dataset together: splits into images, images into order, labels to images.
class DatasetBuilder {
 public:
    /// root, config and task of the dataset must be set.
    explicit DatasetBuilder(Dataset& dataset) : dataset_(dataset) {}

    void add_split(const std::string& name, SplitFiles files);
    void finish();

 private:
    void report(const std::string& split, const SplitFiles& files);
    Finding& add(std::string_view rule, std::string path, std::string message,
                 const std::string& split);
    void name_files_once();
    void number_lists();
    void number_images();
    void fill_split(std::size_t s);
    ImageRef& image_at(const std::string& path);
    std::uint32_t list_number(const std::string& list) const;

    Dataset& dataset_;
    std::vector<SplitFiles> places_;  ///< as dataset_.splits
};

}  // namespace yolodata
