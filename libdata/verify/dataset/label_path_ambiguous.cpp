// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "../dataset_facts.hpp"
#include "yolodata/core/rules.hpp"
#include "yolodata/core/utf8.hpp"

namespace yolodata {

namespace {

// Folders named images on the way to a file.
int images_folders(const std::string& path) {
    int n = 0;
    for (std::size_t begin = 0, slash; (slash = path.find('/', begin)) != std::string::npos;
         begin = slash + 1)
        n += path.compare(begin, slash - begin, "images") == 0;
    return n;
}

}  // namespace

// Once a split, with the first such path. Folders above the root are nobody's choice of layout.
void rule_label_path_ambiguous(const DatasetFacts& facts, std::vector<Finding>& findings) {
    for (const Split& split : facts.dataset.splits) {
        for (const std::uint32_t i : split.images) {
            const ImageRef& image = facts.dataset.images[i];
            if (images_folders(image.path) < 2) continue;
            Finding finding = make_finding(
                "dataset/label-path-ambiguous", facts.place(),
                fmt::format("{}: images stands more than once in {}; its label is taken from {}",
                            split.name, printable(image.path), printable(image.label_path)));
            finding.split = split.name;
            finding.related = {image.path};
            findings.push_back(std::move(finding));
            break;
        }
    }
}

}  // namespace yolodata
