// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "yolodata/core/utf8.hpp"
#include "yolotrain/export/export.hpp"

namespace yolotrain {

namespace {

/// A string as a Python literal.
std::string quoted(const std::string& text) {
    std::string out = "'";
    for (const char c : yolodata::printable(text)) {
        if (c == '\'' || c == '\\') out += '\\';
        out += c;
    }
    return out + "'";
}

std::string python_dict(const std::vector<std::string>& names) {
    std::string out = "{";
    for (std::size_t i = 0; i < names.size(); ++i) {
        out += fmt::format("{}{}: {}", i == 0 ? "" : ", ", i, quoted(names[i]));
    }
    return out + "}";
}

const char* python(bool value) {
    return value ? "True" : "False";
}

}  // namespace

std::map<std::string, std::string> export_metadata(const WeightsInfo& info,
                                                   const ExportOptions& options,
                                                   const std::string& weights_digest) {
    std::map<std::string, std::string> metadata = {
        {"description",
         fmt::format("YOLOv8{} detector, exported by yolotrain", to_string(info.scale))},
        {"author", "yolotrain"},
        {"names", python_dict(info.names)},
        {"imgsz", fmt::format("[{0}, {0}]", options.imgsz)},
        {"stride", "32"},
        {"task", "detect"},
        {"head", "Detect"},
        {"batch", std::to_string(options.batch)},
        {"channels", "3"},
        {"end2end", "False"},
        {"scale", std::string(to_string(info.scale))},
        {"args", fmt::format("{{'batch': {}, 'dynamic': {}, 'half': {}, 'nms': {}}}", options.batch,
                             python(options.dynamic), python(options.half), python(options.nms))},
    };
    if (!info.data_digest.empty()) metadata["data_digest"] = info.data_digest;
    if (!weights_digest.empty()) metadata["weights_digest"] = weights_digest;
    return metadata;
}

}  // namespace yolotrain
