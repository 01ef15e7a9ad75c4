// SPDX-License-Identifier: Apache-2.0
// The rules label/… of one file's text. Sources: the limits are Ultralytics' own (tolerance 0.01 of
// the side, float32 rows compared); they are compared here in double, from the text.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "yolodata/core/box.hpp"
#include "yolodata/core/dataset.hpp"
#include "yolodata/core/finding.hpp"
#include "yolodata/core/geometry.hpp"
#include "yolodata/core/label.hpp"

namespace yolodata {

/// What a label is judged against.
struct LabelContext {
    Task task = Task::detect;
    KeypointShape keypoints;                   ///< of Task::pose
    std::optional<std::uint32_t> class_count;  ///< unknown: ids have no upper limit
    int width = 0,
        height = 0;   ///< of the image, px; 0 = unknown: rules that count pixels are passed over
    int imgsz = 640;  ///< training size, px
};

/// What a row is by its number of fields.
enum class RowKind : std::uint8_t { box, polygon, odd_polygon, pose, misfit };

struct LabelOutcome {
    std::uint64_t rows = 0;  ///< not blank
    std::uint64_t box_rows = 0, polygon_rows = 0;
    std::vector<Box>
        boxes;  ///< rows that Ultralytics trains on, duplicates once; empty if it drops the file
    Geometry geometry;                  ///< of the rows of `boxes`; tasks other than detect
    std::vector<std::int32_t> classes;  ///< of the rows that can be read, duplicates once
    std::vector<Finding> findings;      ///< `path` is the caller's to set
    bool drops_image = false;           ///< by a finding of the label
    /// Of the readable rows, duplicates once: equal for equal rows in any order; 0 = none.
    std::uint64_t signature = 0;

    void clear();
};

/// Checks a whole label file. Reuses the outcome's and its own memory; one thread at a time.
class LabelChecker {
 public:
    void check(std::span<const std::byte> bytes, const LabelContext& context, LabelOutcome& out);

 private:
    void check_rows(std::string_view text);
    void check_row();
    RowKind kind_of(std::size_t fields) const;
    void check_faults(RowKind kind);
    void check_class();
    void check_box(RowKind kind);
    void check_box_sizes(RowKind kind, bool (&flagged)[5]);
    void check_box_ranges(RowKind kind, bool (&flagged)[5]);
    void check_box_edges(const bool (&flagged)[5]);
    void check_whole_image(double x1, double y1, double x2, double y2);
    void check_tiny(double w, double h, std::size_t width_column, std::size_t height_column);
    void check_polygon();
    bool check_vertices();
    bool check_degenerate();
    void check_keypoints();
    void check_mixed_formats();
    void keep(RowKind kind);
    void find_duplicates();
    void find_overlaps();

    bool check_pixels(RowKind kind);
    bool reads_as_pixels(RowKind kind) const;
    bool is_coordinate(RowKind kind, std::size_t field) const;
    double side_of(RowKind kind,
                   std::size_t field) const;  ///< width or height that the field is a fraction of
    std::string name_of(RowKind kind, std::size_t field) const;
    bool sound(std::size_t field) const;  ///< a finite number
    std::string quoted(std::size_t field) const;
    Finding& add(std::string_view rule, std::size_t column, std::string message);

    const LabelContext* context_ = nullptr;
    LabelOutcome* out_ = nullptr;
    LabelRow row_;
    bool row_class_fits_ = false;
    bool row_is_pixels_ = false;

    /// A row that may be a duplicate or a box to train on.
    struct Kept {
        std::uint64_t hash;
        std::uint32_t line;
        std::uint32_t first, count;  ///< range of numbers_
        RowKind kind;
        bool duplicate;
    };
    void keep_geometry(const Kept& row);
    std::vector<Kept> kept_;
    std::vector<float>
        numbers_;  ///< class and coordinates of the kept rows, as Ultralytics stores them
    std::vector<Box> row_boxes_;        ///< one a kept row
    std::vector<std::uint32_t> table_;  ///< kept rows by hash, from 1; 0 = free
    std::vector<std::pair<std::uint64_t, std::uint32_t>> by_key_, sorted_;  ///< kept rows
    struct Placed {
        Box box;
        std::uint32_t row;  ///< kept row
    };
    std::vector<Placed> by_place_;
    std::vector<std::uint32_t>
        earlier_;  ///< for each kept row: line of an earlier one that overlaps, 0 = none
    std::vector<std::uint32_t> blank_lines_;
    std::uint32_t first_box_line_ = 0, first_polygon_line_ = 0;
};

/// Ultralytics' tolerance for coordinates, in fractions of the side.
inline constexpr double coordinate_tolerance = 0.01;
/// Less than this outside 0…1 is rounding.
inline constexpr double rounding_slack = 1e-6;

inline bool far_outside(double v) {
    return v < -coordinate_tolerance || v > 1 + coordinate_tolerance;
}

}  // namespace yolodata
