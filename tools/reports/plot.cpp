// SPDX-License-Identifier: Apache-2.0
#include "reports/plot.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reports/page/page.hpp"
#include "yolodata/core/utf8.hpp"

namespace tools {

namespace {

// In the SVG's own units, which are px where the plot is 360 px wide.
constexpr int width = 360, row_height = 20, bar_height = 14, names_end = 112, bars_end = 296;

std::string svg_of(std::string_view title, int height, std::string_view content) {
    return fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">{}</svg>\n",
                       width, height, html_text(title), content);
}

/// A name cut to what fits before the bars, at a character's end.
std::string short_name(std::string_view name) {
    constexpr std::size_t longest = 16;
    const std::string text = yolodata::printable(name);
    std::size_t end = 0, characters = 0;
    while (end < text.size() && characters < longest) {
        end +=
            std::max<std::size_t>(1, yolodata::utf8_sequence(std::string_view(text).substr(end)));
        ++characters;
    }
    return end < text.size() ? text.substr(0, end) + "…" : text;
}

}  // namespace

std::string bar_plot(std::string_view title, const Bars& bars) {
    std::uint64_t most = 1;
    for (const auto& bar : bars) most = std::max(most, bar.second);
    std::string content;
    int y = 0;
    for (const auto& [name, count] : bars) {
        const double length = static_cast<double>(bars_end - names_end) *
                              static_cast<double>(count) / static_cast<double>(most);
        content += fmt::format(
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}<title>{}</title></text>"
            "<rect class=\"bar\" x=\"{}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\"/>"
            "<text x=\"{:.1f}\" y=\"{}\">{}</text>\n",
            names_end - 6, y + bar_height, html_text(short_name(name)), html_text(name), names_end,
            y + 2, length, bar_height, names_end + length + 5, y + bar_height, count);
        y += row_height;
    }
    return svg_of(title, std::max(y, row_height), content);
}

std::string heat_plot(std::string_view title, const Grid<16>& cells) {
    constexpr double side = static_cast<double>(width) / 16;
    std::uint64_t most = 1;
    for (const auto& row : cells) most = std::max(most, *std::max_element(row.begin(), row.end()));
    std::string content;
    for (std::size_t y = 0; y < cells.size(); ++y)
        for (std::size_t x = 0; x < cells.size(); ++x) {
            if (cells[y][x] == 0) continue;
            const double shade = static_cast<double>(cells[y][x]) / static_cast<double>(most);
            content += fmt::format(
                "<rect class=\"cell\" x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" "
                "fill-opacity=\"{:.3f}\"><title>{} boxes</title></rect>",
                static_cast<double>(x) * side, static_cast<double>(y) * side, side, side,
                std::max(shade, 0.05), cells[y][x]);
        }
    content += fmt::format("<rect class=\"frame\" x=\".5\" y=\".5\" width=\"{}\" height=\"{}\"/>",
                           width - 1, width - 1);
    return svg_of(title, width, content);
}

}  // namespace tools
