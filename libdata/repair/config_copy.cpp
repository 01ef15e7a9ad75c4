// SPDX-License-Identifier: Apache-2.0
#include "config_copy.hpp"

#include <algorithm>

namespace yolodata {

namespace {

/// Calls `body(line, line end)` for each line.
template <class Body>
void for_each_line(std::string_view text, Body&& body) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::size_t next = std::min(end + 1, text.size());
        body(text.substr(0, end), text.substr(end, next - end));
        text.remove_prefix(next);
    }
}

std::string replaced(std::string_view line, const std::string& what, const std::string& by) {
    std::string out(line);
    for (std::size_t at = 0; (at = out.find(what, at)) != std::string::npos; at += by.size())
        out.replace(at, what.size(), by);
    return out;
}

}  // namespace

std::string config_for_copy(std::string_view text, const std::string& root,
                            const std::string& home) {
    std::string out;
    bool stated = false;
    for_each_line(text, [&](std::string_view line, std::string_view end) {
        if (line.starts_with("path:")) {
            out += "path: " + home;
            if (line.ends_with('\r')) out += '\r';
            stated = true;
        } else {
            out += replaced(line, root + "/", "");
        }
        out += end;
    });
    if (stated || home == ".") return out;
    return "path: " + home + "\n" + out;
}

std::string list_for_copy(std::string_view text, const std::string& root, const std::string& home) {
    std::string out;
    for_each_line(text, [&](std::string_view line, std::string_view end) {
        if (line.starts_with(root + "/"))
            out += (home == "." ? "./" : "./" + home + "/") +
                   std::string(line.substr(root.size() + 1));
        else
            out += line;
        out += end;
    });
    return out;
}

}  // namespace yolodata
