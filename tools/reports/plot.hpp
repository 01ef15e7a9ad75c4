// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tools {

using Bars = std::vector<std::pair<std::string, std::uint64_t>>;

/// Horizontal bars with their names (any bytes) and numbers, as an SVG element for page.css.
std::string bar_plot(std::string_view title, const Bars& bars);

/// A square of cells, each as dark as its number is large.
template <std::size_t n>
using Grid = std::array<std::array<std::uint64_t, n>, n>;
std::string heat_plot(std::string_view title, const Grid<16>& cells);

}  // namespace tools
