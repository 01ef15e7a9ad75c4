// SPDX-License-Identifier: Apache-2.0
// The parts of the JSON report, for the reports that hold them in another form.
#pragma once

#include <nlohmann/json.hpp>

#include "reports/verify_report.hpp"

namespace tools {

using Json = nlohmann::ordered_json;

/// schema, tool and dataset.
Json head_json(const VerifyReport& report);
Json summary_json(const VerifyReport& report);
Json finding_json(const yolodata::Finding& finding);

}  // namespace tools
