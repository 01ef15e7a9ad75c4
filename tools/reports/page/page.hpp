// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "reports/output.hpp"

namespace tools {

/// Writes a page: each {{NAME}} of the text is what `parts` writes in its place. What a part writes
/// is not looked at again, so that data cannot name a part.
void write_page(std::string_view text,
                const std::map<std::string_view, std::function<void(Output&)>>& parts, Output& out);

/// A part that is a text as it stands.
std::function<void(Output&)> verbatim(std::string_view text);

/// Any bytes as the text of an HTML element or attribute.
std::string html_text(std::string_view text);

/// JSON for a script element: ASCII, and nothing in it can end the element.
std::string script_json(const nlohmann::ordered_json& json);

}  // namespace tools
