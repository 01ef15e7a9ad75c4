// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reports/gallery.hpp"
#include "reports/output.hpp"
#include "yolodata/core/dataset.hpp"
#include "yolodata/verify/verify.hpp"

namespace tools {

/// What `yolodata verify` has to say; findings are those that --only, --skip,
/// .yolodata.yaml and --baseline leave.
struct VerifyReport {
    const yolodata::Dataset& dataset;
    const yolodata::VerifyResult& result;
    std::string root;  ///< as people may read it
    double seconds = 0;
    std::uint64_t peak_memory_bytes = 0;
    std::optional<std::uint64_t> known =
        {};  ///< findings left out: in --baseline; unset without one
    std::optional<std::uint64_t> ignored = {};  ///< left out by .yolodata.yaml; unset without one

    bool shards = false;  ///< of a shard set: images are records

    std::uint64_t count(yolodata::Severity severity) const;
    std::map<std::string_view, std::uint64_t> count_by_rule() const;
    double images_per_second() const {
        return seconds > 0 ? static_cast<double>(result.images) / seconds : 0;
    }
};

/// schemas/report.schema.json.
void write_json(const VerifyReport& report, Output& out);
/// The same in lines, each flushed: the head, each finding, the summary.
void write_jsonl(const VerifyReport& report, Output& out);
/// SARIF 2.1.0, as code scanning services read it.
void write_sarif(const VerifyReport& report, Output& out);
/// One self-contained page with filters and pictures.
void write_html(const VerifyReport& report, const GalleryOptions& options, Output& out);
/// Findings grouped by rule, errors first, the first few places of each; one line of summary at the
/// end.
void write_text(const VerifyReport& report, Output& out);

}  // namespace tools
