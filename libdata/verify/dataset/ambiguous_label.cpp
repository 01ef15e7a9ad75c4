// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "../dataset_facts.hpp"
#include "yolodata/core/rules.hpp"
#include "yolodata/core/utf8.hpp"

namespace yolodata {

// One finding a label file, at the first of its images.
void rule_ambiguous_label(const DatasetFacts& facts, std::vector<Finding>& findings) {
    const auto& images = facts.dataset.images;
    std::vector<std::uint32_t> order(images.size());
    std::iota(order.begin(), order.end(), 0u);
    std::erase_if(order, [&](std::uint32_t i) { return !images[i].has_label; });
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return images[a].label_path != images[b].label_path
                   ? images[a].label_path < images[b].label_path
                   : a < b;
    });
    for (std::size_t i = 0, end = 0; i < order.size(); i = end) {
        const std::string& label = images[order[i]].label_path;
        end = i + 1;
        while (end < order.size() && images[order[end]].label_path == label) ++end;
        if (end - i < 2) continue;
        Finding finding =
            make_finding("dataset/ambiguous-label", images[order[i]].path,
                         fmt::format("{} images share the label {}", end - i, printable(label)));
        finding.image = finding.path;
        for (std::size_t k = i + 1; k < end; ++k) finding.related.push_back(images[order[k]].path);
        finding.related.push_back(label);
        findings.push_back(std::move(finding));
    }
}

}  // namespace yolodata
