// SPDX-License-Identifier: Apache-2.0
#include "reports/page/page.hpp"

#include "yolodata/core/utf8.hpp"

namespace tools {

void write_page(std::string_view text,
                const std::map<std::string_view, std::function<void(Output&)>>& parts,
                Output& out) {
    while (!text.empty()) {
        const std::size_t open = text.find("{{");
        out.write(text.substr(0, open));
        if (open == std::string_view::npos) return;
        const std::size_t close = text.find("}}", open);
        parts.at(text.substr(open + 2, close - open - 2))(out);
        text.remove_prefix(close + 2);
    }
}

std::function<void(Output&)> verbatim(std::string_view text) {
    return [text = std::string(text)](Output& out) { out.write(text); };
}

std::string html_text(std::string_view text) {
    std::string html;
    for (const char c : yolodata::printable(text)) {
        switch (c) {
            case '&':
                html += "&amp;";
                break;
            case '<':
                html += "&lt;";
                break;
            case '>':
                html += "&gt;";
                break;
            case '"':
                html += "&quot;";
                break;
            case '\'':
                html += "&#39;";
                break;
            default:
                html += c;
        }
    }
    return html;
}

std::string script_json(const nlohmann::ordered_json& json) {
    std::string safe;
    for (const char c : json.dump(-1, ' ', true)) c == '<' ? safe += "\\u003c" : safe += c;
    return safe;
}

}  // namespace tools
