// SPDX-License-Identifier: Apache-2.0
#include "pack/source_names.hpp"

#include <algorithm>

namespace yolodata::pack {

SourceNames::SourceNames(const Dataset& dataset) {
    bool first = true;
    for (const ImageRef& image : dataset.images) {
        if (!image.path.starts_with('/')) continue;
        const std::string folder = image.path.substr(0, image.path.rfind('/') + 1);
        if (first) {
            outside_root_ = folder;
            first = false;
            continue;
        }
        const auto differ = std::mismatch(outside_root_.begin(), outside_root_.end(), folder.begin(), folder.end());
        outside_root_.erase(differ.first, outside_root_.end());
        outside_root_.erase(outside_root_.rfind('/') + 1);  // back to a whole component
    }
}

std::string SourceNames::name(const std::string& path) const {
    if (!path.starts_with('/')) return path;
    return "outside/" + (path.starts_with(outside_root_) ? path.substr(outside_root_.size()) : path.substr(1));
}

}  // namespace yolodata::pack
