// SPDX-License-Identifier: Apache-2.0
#include "pair_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "label_edit.hpp"
#include "picture_edit.hpp"
#include "suffix.hpp"
#include "yolodata/core/file.hpp"

namespace yolodata {

namespace {

ExamineOptions examine_options(const RepairOptions& options) {
    ExamineOptions wanted = options.verify.examine;
    wanted.hash = true;
    wanted.max_image_bytes = std::min(wanted.max_image_bytes, options.verify.max_memory);
    return wanted;
}

Mend mend_of(const Finding& finding) {
    return {finding.rule, finding.fix, finding.line, finding.message};
}

}  // namespace

Change change_of(RepairAction action, const std::string& path, const Place& place,
                 const FileRecord& record) {
    Change change;
    change.action = action;
    change.path = path;
    if (const auto st = status_of(place.absolute(path))) {
        change.size = static_cast<std::uint64_t>(st->st_size);
        change.mtime_ns = mtime_of(*st);
        change.hashed = S_ISREG(st->st_mode) && record.hashed;
        change.digest = record.digest;
    }
    return change;
}

PairPlanner::PairPlanner(const Dataset& dataset, const RepairOptions& options, const Place& place,
                         MemoryGate* gate)
    : dataset_(dataset),
      options_(options),
      place_(place),
      examiner_(dataset, examine_options(options), gate) {}

// A file that is only too large to be held here is no fault of the dataset.
bool PairPlanner::is_our_limit(const Finding& finding) const {
    return finding.rule == "image/too-large" &&
           examined_.image.size > examine_options(options_).max_image_bytes;
}

PairPlan PairPlanner::plan(const ImageRef& image) {
    PairPlan out;
    examiner_.examine(image, examined_);
    out.image_file = examined_.image;
    out.label_file = examined_.label;
    for (const Finding& finding : examined_.findings) {
        if (finding.fix != Fix::quarantine || !is_chosen(options_, finding.rule, finding.fix))
            continue;
        if (is_our_limit(finding))
            out.left.push_back({image.path, finding.rule, 0, finding.message});
        else
            out.quarantine.push_back(mend_of(finding));
    }
    if (out.quarantine.empty()) {
        plan_picture(image, out);
        plan_label(image, out);
        plan_suffix(image, out);
    }
    examiner_.release(examined_);
    return out;
}

void PairPlanner::plan_picture(const ImageRef& image, PairPlan& out) {
    for (const Finding& finding : examined_.findings) {
        if (finding.fix != Fix::append_eoi && finding.fix != Fix::cut_tail) continue;
        if (!is_chosen(options_, finding.rule, finding.fix)) continue;
        std::string why = place_.rewrite_obstacle(image.path);
        std::optional<Splice> splice;
        if (why.empty()) {
            splice = edit_picture(examined_.image_bytes, finding.fix,
                                  {.max_pixels = options_.verify.examine.max_pixels});
            if (!splice) why = "the mended picture would not pass the strict check";
        }
        if (!why.empty()) {
            out.left.push_back({image.path, finding.rule, 0, std::move(why)});
            continue;
        }
        out.image = change_of(RepairAction::rewrite, image.path, place_, examined_.image);
        out.image->splices = {std::move(*splice)};
        out.image->mends = {mend_of(finding)};
        return;
    }
}

void PairPlanner::plan_label(const ImageRef& image, PairPlan& out) {
    const auto chosen = [this](std::string_view rule, Fix fix) {
        return fix != Fix::quarantine && is_chosen(options_, rule, fix);
    };
    const bool any = std::any_of(examined_.findings.begin(), examined_.findings.end(),
                                 [&](const Finding& finding) {
                                     return finding.line != 0 && finding.path == image.label_path &&
                                            chosen(finding.rule, finding.fix);
                                 });
    if (!any) return;
    if (std::string why = place_.rewrite_obstacle(image.label_path); !why.empty()) {
        for (const Finding& finding : examined_.findings)
            if (finding.line != 0 && chosen(finding.rule, finding.fix))
                out.left.push_back({image.label_path, finding.rule, finding.line, why});
        return;
    }
    std::vector<std::byte> bytes;
    if (!Folder(dataset_.root)
             .read(image.label_path, bytes, options_.verify.examine.max_label_bytes))
        return;
    LabelContext context;
    context.task = dataset_.task;
    context.keypoints = dataset_.keypoints;
    context.class_count = dataset_.class_count;
    context.width = examined_.width;
    context.height = examined_.height;
    context.imgsz = options_.verify.examine.imgsz;
    LabelEdit edit = edit_label(bytes, context, chosen);
    for (Left& left : edit.left) {
        left.path = image.label_path;
        out.left.push_back(std::move(left));
    }
    if (edit.splices.empty()) return;
    // The digest of what was examined: if the file has changed since, the change is not made.
    out.label = change_of(RepairAction::rewrite, image.label_path, place_, examined_.label);
    out.label->hashed = true;
    out.label->splices = std::move(edit.splices);
    out.label->mends = std::move(edit.mends);
    out.label->becomes_background = edit.becomes_background;
}

void PairPlanner::plan_suffix(const ImageRef& image, PairPlan& out) {
    for (const Finding& finding : examined_.findings) {
        if (finding.rule != "image/format-mismatch" ||
            !is_chosen(options_, finding.rule, finding.fix))
            continue;
        std::string why = place_.obstacle(image.path);
        const std::string to = with_suffix_of(image.path, detect_format(examined_.image_bytes));
        if (why.empty() && image.list != 0) why = "a list file names it; rename it in both places";
        if (why.empty() && status_of(place_.absolute(to))) why = to + " is there already";
        if (!why.empty()) {
            out.left.push_back({image.path, finding.rule, 0, std::move(why)});
            return;
        }
        out.rename = change_of(RepairAction::rename, image.path, place_, examined_.image);
        out.rename->to = to;
        out.rename->mends = {mend_of(finding)};
    }
}

}  // namespace yolodata
