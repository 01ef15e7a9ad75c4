// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "yolodata/augment/render.hpp"

namespace yolodata {

/// The rows of a layer seen through its transform, in the fixed-point arithmetic of OpenCV's
/// warpAffine: canvas coordinates of 1/1024 px are rounded to 1/32 px, the four weights are exact
/// multiples of 1/1024. One thread at a time; the layer must outlive it.
class LayerRows {
 public:
    LayerRows(const Layer& layer, int width, bool mirrored);
    /// Writes 3 · width bytes, and may touch 16 behind them.
    void draw(int y, std::uint8_t* out);

 private:
    struct Rect {
        int x1, y1, x2, y2;  ///< canvas px; x2 and y2 are outside
    };
    /// Pixels begin … end − 1 of a row have all taps, and what the inner loop reads beside, in part
    /// `part`.
    struct Run {
        int begin = 0, end = 0;
        std::size_t part = 0;
    };
    void find_runs(int x0, int y0);
    Run run_in(std::size_t part, int x0, int y0) const;
    std::pair<int, int> columns_in(std::size_t part, int x0) const;
    std::pair<int, int> rows_in(std::size_t part, int y0) const;
    void draw_run(const Run& run, int x0, int y0, std::uint8_t* out);
    void draw_straight_run(const Run& run, int x0, int y0, std::uint8_t* out);
    void place_columns(int x0);
    void draw_mixed(int begin, int end, int x0, int y0, std::uint8_t* out) const;
    bool all_padding(int begin, int end, int x0, int y0) const;
    void draw_pixel(int x, int y, std::uint8_t* out) const;
    const std::uint8_t* canvas_pixel(int x, int y) const;

    const Layer& layer_;
    int width_;
    double row_x_, base_x_, row_y_, base_y_;  ///< of the inverse: canvas x = row_x · y + base_x + …
    std::vector<std::int32_t> delta_x_, delta_y_;  ///< what output column x adds, in 1/1024 px
    std::vector<Rect> visible_;                    ///< of each part, cut off at the canvas
    std::vector<Run> runs_;                        ///< of the row, by begin
    // Where the axes are not turned, what lies across is the same for every row.
    bool straight_;
    std::vector<std::int32_t> offset_,
        weights_;  ///< of the output columns: see interpolate_across()
    std::vector<std::int16_t> line_;
    std::vector<std::pair<int, int>> columns_;  ///< of each part
};

}  // namespace yolodata
