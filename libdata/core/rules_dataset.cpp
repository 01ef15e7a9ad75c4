// SPDX-License-Identifier: Apache-2.0
#include "rule_tables.hpp"

namespace yolodata {

namespace {

// clang-format off
constexpr RuleInfo table[] = {
    {"dataset/config-invalid", Severity::error, Verdict::aborts, Fix::none,
     "data.yaml does not parse, or does not say what a training needs.",
     "The run dies at its start.",
     "Correct data.yaml as the message says."},
    {"dataset/split-missing", Severity::error, Verdict::aborts, Fix::none,
     "A folder, list file or glob that data.yaml names does not exist.",
     "The run dies at its start.",
     "Correct the path in data.yaml, or bring the folder back."},
    {"dataset/split-empty", Severity::error, Verdict::aborts, Fix::none,
     "A split without one usable image.",
     "The run dies at its start.",
     "Add images to the split, or correct its path."},
    {"dataset/not-portable", Severity::warning, Verdict::aborts, Fix::none,
     "A split that is read here and that Ultralytics 8.4.190 cannot find.",
     "The same data.yaml works with one program and not with the other.",
     "Name folders instead of globs; begin relative lines of list files with ./"},
    {"dataset/duplicate-class-name", Severity::warning, Verdict::uses, Fix::none,
     "Two classes of one name.",
     "Objects of one kind are split over two classes, and metrics with them.",
     "Merge the classes or give them different names."},
    {"dataset/download-ignored", Severity::info, Verdict::uses, Fix::none,
     "data.yaml carries a download entry; it is never run here.",
     "Ultralytics executes it where the images are not found.",
     "Remove it once the data is there."},
    {"dataset/no-labels", Severity::error, Verdict::aborts, Fix::none,
     "The images of the train split have not one label row between them (warning for val).",
     "There is nothing to learn, or nothing to measure.",
     "Bring the labels to where they are looked for."},
    {"dataset/mixed-formats", Severity::error, Verdict::aborts, Fix::none,
     "Some label files hold boxes and others polygons.",
     "A segment or obb training dies at its start; a detect training takes the polygons' boxes.",
     "Export the labels again in one format."},
    {"dataset/ambiguous-label", Severity::error, Verdict::uses, Fix::none,
     "Two images share one label file.",
     "One of them is trained with the other's boxes.",
     "Rename one of the images and give it a label of its own."},
    {"dataset/label-path-ambiguous", Severity::warning, Verdict::uses, Fix::none,
     "A folder named images occurs more than once in an image's path.",
     "Tools disagree on where its label lies.",
     "Keep one folder named images in the path."},
    {"dataset/case-mismatch", Severity::warning, Verdict::never_sees, Fix::rename,
     "An image and its label match only when case is ignored.",
     "The label is not found here: the image is trained as background.",
     "Rename the label to the image's name and .txt."},
    {"dataset/unlisted-file", Severity::info, Verdict::never_sees, Fix::none,
     "A file among the images that no trainer picks up, by its suffix.",
     "If it is a picture, it is missing from the training.",
     "Give a picture one of the usual suffixes; move other files away."},
    {"dataset/label-beside-image", Severity::warning, Verdict::never_sees, Fix::none,
     "Label files lie beside the images while a labels folder is expected, or the reverse.",
     "They are never seen: the images are trained as background.",
     "Move the labels to where they are looked for."},
    {"dataset/identical-splits", Severity::warning, Verdict::uses, Fix::none,
     "Two splits name exactly the same files.",
     "What is measured on them says nothing about new pictures.",
     "Give validation pictures of its own."},
    {"dataset/unused-class", Severity::info, Verdict::uses, Fix::none,
     "A class without one box in the train split (warning where val or test has it).",
     "It cannot be learned.",
     "Add examples, or remove the class."},
    {"dataset/class-imbalance", Severity::info, Verdict::uses, Fix::none,
     "The most frequent class has over 50 times the boxes of the rarest used one.",
     "Rare classes are learned badly.",
     "Add examples of the rare classes."},
    {"dataset/stale-cache", Severity::info, Verdict::never_sees, Fix::none,
     "A *.cache or *.npy file of Ultralytics is older than what it caches.",
     "Ultralytics may train on the old labels or pixels.",
     "Delete the cache file."},
};
// clang-format on

}  // namespace

std::span<const RuleInfo> dataset_rules() {
    return table;
}

}  // namespace yolodata
