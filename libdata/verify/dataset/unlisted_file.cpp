// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>

#include "../dataset_facts.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/rules.hpp"
#include "yolodata/image/format.hpp"

namespace yolodata {

namespace {

bool is_picture(Format format) {
    return format != Format::unknown && format != Format::pdf && format != Format::svg;
}

}  // namespace

void rule_unlisted_file(const DatasetFacts& facts, std::vector<Finding>& findings) {
    if (facts.dataset.unlisted_files.empty()) return;
    const Folder root(facts.dataset.root);
    std::array<std::byte, 4096> head;
    for (const std::string& path : facts.dataset.unlisted_files) {
        const std::size_t n = root.read_head(path, head);
        const Format format = detect_format(std::span(head).first(n));
        Finding finding =
            make_finding("dataset/unlisted-file", path,
                         "no trainer picks this file up: its suffix is none of an image");
        if (is_picture(format)) {
            finding.severity = Severity::warning;
            finding.fix = Fix::rename;
            finding.message = fmt::format("is a {} picture that no trainer picks up, by its suffix",
                                          format_name(format));
        }
        findings.push_back(std::move(finding));
    }
}

}  // namespace yolodata
