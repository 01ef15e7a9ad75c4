// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace tools::embedded {

// The texts of the files beside this one, built in by yolo_embed().
extern const std::string_view page_css, stats_html, verify_html, verify_js;

}  // namespace tools::embedded
