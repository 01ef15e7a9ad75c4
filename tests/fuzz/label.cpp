// SPDX-License-Identifier: Apache-2.0
// Label files: the first byte chooses what they are judged against, the rest is the file.
#include "label_check.hpp"

#include <cmath>

#include "fuzz.hpp"

namespace {

using namespace yolodata;

void check_reader(std::string_view text) {
    LabelReader reader(text);
    LabelRow row;
    std::uint32_t line = 0;
    while (reader.next(row)) {
        fuzz::demand(row.line > line, "rows are numbered in order");
        line = row.line;
        fuzz::demand(row.blank == row.values.empty(), "a blank row has no fields");
        fuzz::demand(!row.text.empty(), "a row has a character");
        for (const LabelRow::Fault& fault : row.faults) {
            fuzz::demand(fault.field < row.values.size(), "a fault is one of a field");
            fuzz::demand(!std::isfinite(row.values[fault.field]), "a field at fault has no number");
        }
        if (row.values.size() > 64) continue;  // field() scans the row from its start
        std::size_t faults = 0;
        for (std::size_t i = 0; i < row.values.size(); ++i) {
            double value;
            const bool number = parse_number(row.field(i), value);
            faults += !number || !std::isfinite(value);
            fuzz::demand(!row.field(i).empty(), "a field has a character");
        }
        fuzz::demand(faults == row.faults.size(), "a field reads alone as it reads in its row");
    }
}

LabelContext context_of(std::uint8_t choice) {
    LabelContext context;
    context.task = static_cast<Task>(choice & 3);
    if (context.task == Task::pose) context.keypoints = {17, (choice & 4) != 0 ? 3U : 2U};
    if ((choice & 8) != 0) context.class_count = 3;
    if ((choice & 16) != 0) context.width = 640, context.height = 480;
    return context;
}

void check_outcome(const LabelOutcome& outcome) {
    fuzz::demand(outcome.boxes.size() <= outcome.rows, "a row gives one box");
    fuzz::demand(outcome.box_rows + outcome.polygon_rows <= outcome.rows, "a row is of one kind");
    fuzz::demand(outcome.boxes.empty() || !outcome.drops_image, "a dropped image has no boxes");
    for (const Box& box : outcome.boxes)
        fuzz::demand(std::isfinite(box.x) && std::isfinite(box.y) && std::isfinite(box.w) &&
                         std::isfinite(box.h),
                     "a box is finite");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    check_reader(fuzz::text(data + 1, size - 1));
    static LabelChecker checker;
    LabelOutcome outcome;
    checker.check(fuzz::bytes(data + 1, size - 1), context_of(data[0]), outcome);
    check_outcome(outcome);
    return 0;
}
