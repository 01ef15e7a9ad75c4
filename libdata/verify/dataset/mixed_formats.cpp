// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "../dataset_facts.hpp"
#include "yolodata/core/rules.hpp"

namespace yolodata {

// Files that hold both kinds have a finding of their own (label/mixed-formats) and count for
// neither.
void rule_mixed_formats(const DatasetFacts& facts, std::vector<Finding>& findings) {
    if (facts.dataset.task == Task::pose) return;
    std::uint64_t boxes = 0, polygons = 0;
    std::string box_file, polygon_file;
    for (std::size_t i = 0; i < facts.pairs.size(); ++i) {
        const PairFacts& pair = facts.pairs[i];
        if (pair.box_rows == pair.polygon_rows) continue;
        (pair.box_rows ? boxes : polygons) += 1;
        std::string& example = pair.box_rows ? box_file : polygon_file;
        if (example.empty()) example = facts.dataset.images[i].label_path;
    }
    if (boxes == 0 || polygons == 0) return;
    Finding finding =
        make_finding("dataset/mixed-formats", facts.place(),
                     fmt::format("{} label files hold boxes, {} polygons", boxes, polygons));
    finding.related = {box_file, polygon_file};
    if (facts.dataset.task == Task::detect) {
        finding.severity = Severity::info;
        finding.verdict = Verdict::uses;
        finding.message += "; the polygons' boxes count";
    }
    findings.push_back(std::move(finding));
}

}  // namespace yolodata
