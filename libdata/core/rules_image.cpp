// SPDX-License-Identifier: Apache-2.0
#include "rule_tables.hpp"

namespace yolodata {

namespace {

// clang-format off
constexpr RuleInfo table[] = {
    {"image/unreadable", Severity::error, Verdict::drops_image, Fix::quarantine,
     "The file cannot be opened or read, or is a folder, FIFO or device.",
     "The picture is missing from every epoch.",
     "Restore the file or its permissions, or take it out of the list."},
    {"image/empty", Severity::error, Verdict::drops_image, Fix::quarantine,
     "The file has zero bytes.",
     "The picture is missing from every epoch; often the trace of a copy that ran out of disk.",
     "Copy it again from its source."},
    {"image/unknown-format", Severity::error, Verdict::drops_image, Fix::quarantine,
     "The content is no known image format, whatever the suffix.",
     "The picture is missing from every epoch.",
     "Look at the content: often an error page saved under an image's name."},
    {"image/unsupported-format", Severity::error, Verdict::drops_image, Fix::quarantine,
     "A known format that cannot be decoded here or by an Ultralytics trainer.",
     "The picture is dropped, or the run dies when it is first read.",
     "Convert it to PNG or JPEG."},
    {"image/truncated", Severity::error, Verdict::drops_image, Fix::quarantine,
     "The coded data ends before the picture is complete.",
     "Lower rows are grey or random while their boxes still stand.",
     "Copy it again from its source."},
    {"image/corrupt-data", Severity::error, Verdict::uses, Fix::quarantine,
     "The coded data is damaged inside.",
     "Parts of the picture are shifted, grey or garbage while the labels look right.",
     "Copy it again from its source."},
    {"image/missing-eoi", Severity::warning, Verdict::rewrites_file, Fix::append_eoi,
     "A JPEG that decodes whole but lacks its end marker.",
     "Ultralytics overwrites the source file with a new encoding; on a read-only disk it drops the picture.",
     "Append the two bytes FF D9."},
    {"image/trailing-data", Severity::info, Verdict::uses, Fix::cut_tail,
     "Bytes follow the picture's end.",
     "Harmless, unless a JPEG does not end in FF D9: Ultralytics then overwrites the file.",
     "Cut the tail, or leave it."},
    {"image/format-mismatch", Severity::warning, Verdict::uses, Fix::rename,
     "The suffix names another format than the content.",
     "Readers that trust the suffix fail.",
     "Rename the file."},
    {"image/too-small", Severity::error, Verdict::drops_image, Fix::quarantine,
     "Width or height is under 10 pixels.",
     "The picture is missing from every epoch.",
     "Take it out."},
    {"image/too-large", Severity::error, Verdict::drops_image, Fix::quarantine,
     "More pixels than the limit; refused from its header, before any allocation.",
     "Decoding it can take all memory of the machine.",
     "Raise --max-pixels if the picture is meant, else take it out."},
    {"image/exif-rotated", Severity::warning, Verdict::uses, Fix::none,
     "An EXIF orientation other than 1.",
     "Boxes may have been drawn on the other orientation.",
     "Look at one picture with its boxes; write the pixels upright if they do not fit."},
    {"image/colour-mode", Severity::info, Verdict::uses, Fix::none,
     "The picture is not 8-bit RGB.",
     "Grey, palette and alpha are converted; CMYK, 16 bits and alpha that is not opaque may look otherwise than expected.",
     "Convert it to 8-bit RGB if colours matter."},
    {"image/multi-frame", Severity::warning, Verdict::uses, Fix::none,
     "More than one frame.",
     "Only the first frame is trained on.",
     "Split the frames into files if they are meant."},
    {"image/blank", Severity::warning, Verdict::uses, Fix::none,
     "Every pixel of the picture has the same colour, within 2 levels.",
     "There is nothing to learn from it; often the trace of a camera or export that failed.",
     "Take it out, or bring the real picture."},
    {"image/dark", Severity::info, Verdict::uses, Fix::none,
     "Almost every pixel is dark (with --quality).",
     "Objects can hardly be told from the background.",
     "Look at the picture; take it out if its boxes cannot be seen."},
    {"image/bright", Severity::info, Verdict::uses, Fix::none,
     "Almost every pixel is bright (with --quality).",
     "Objects can hardly be told from the background.",
     "Look at the picture; take it out if its boxes cannot be seen."},
    {"image/blurry", Severity::info, Verdict::uses, Fix::none,
     "Hardly an edge in the picture (with --quality).",
     "Boxes drawn on a blur teach vague outlines.",
     "Look at the picture; take it out if its boxes cannot be placed."},
    {"image/low-information", Severity::info, Verdict::uses, Fix::none,
     "Its gray levels carry less than one bit a pixel (with --quality).",
     "There is next to nothing to learn from it.",
     "Look at the picture; take it out if it shows nothing."},
    {"image/odd-aspect", Severity::info, Verdict::uses, Fix::none,
     "One side is more than five times the other (with --quality).",
     "After letterboxing little of the network's input is picture, and objects are tiny.",
     "Cut the picture into tiles."},
};
// clang-format on

}  // namespace

std::span<const RuleInfo> image_rules() {
    return table;
}

}  // namespace yolodata
