// SPDX-License-Identifier: Apache-2.0
#include "predict/results.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "yolodata/core/utf8.hpp"

namespace tools {

namespace {

using Json = nlohmann::ordered_json;

/// Rounded to so many digits after the point: more would be noise.
double rounded(double value, double scale) {
    return std::round(value * scale) / scale;
}

std::string name_of(int cls, const std::vector<std::string>& names) {
    const auto k = static_cast<std::size_t>(cls);
    return k < names.size() ? names[k] : std::to_string(cls);
}

Json path_to_json(const std::string& path) {
    Json object{{"path", yolodata::escape_invalid_utf8(path)}};
    if (yolodata::find_invalid_utf8(path) != std::string_view::npos) object["path_escaped"] = true;
    return object;
}

Json picture_to_json(const PictureResult& result, const std::vector<std::string>& names) {
    Json object = path_to_json(result.path);
    object["width"] = result.width;
    object["height"] = result.height;
    object["boxes"] = Json::array();
    for (const yolotrain::Detection& d : result.boxes) {
        Json corners = Json::array();
        for (const float v : {d.x1, d.y1, d.x2, d.y2}) corners.push_back(rounded(v, 1000));
        object["boxes"].push_back({{"class", d.cls},
                                   {"name", yolodata::escape_invalid_utf8(name_of(d.cls, names))},
                                   {"confidence", rounded(d.confidence, 100000)},
                                   {"xyxy", std::move(corners)}});
    }
    return object;
}

}  // namespace

std::string to_line(const PictureResult& result, const std::vector<std::string>& names) {
    std::map<int, int> counts;
    for (const yolotrain::Detection& d : result.boxes) ++counts[d.cls];
    std::string text =
        fmt::format("{}  {}x{}  {} {}", yolodata::printable(result.path), result.width,
                    result.height, result.boxes.size(), result.boxes.size() == 1 ? "box" : "boxes");
    const char* separator = ": ";
    for (const auto& [cls, count] : counts) {
        text += fmt::format("{}{} {}", separator, count, yolodata::printable(name_of(cls, names)));
        separator = ", ";
    }
    return text + "\n";
}

std::string to_json_line(const PictureResult& result, const std::vector<std::string>& names) {
    return picture_to_json(result, names).dump() + "\n";
}

std::string to_json(const PredictSetup& setup, const std::vector<PictureResult>& results,
                    const std::vector<std::string>& unreadable) {
    Json out{{"schema", "yolotrain.predict/1"},
             {"weights", yolodata::escape_invalid_utf8(setup.weights)},
             {"imgsz", setup.imgsz},
             {"conf", setup.conf},
             {"iou", setup.iou}};
    out["images"] = Json::array();
    for (const PictureResult& r : results) out["images"].push_back(picture_to_json(r, setup.names));
    out["unreadable"] = Json::array();
    for (const std::string& path : unreadable) out["unreadable"].push_back(path_to_json(path));
    return out.dump(2) + "\n";
}

std::string to_label_file(const PictureResult& result, bool with_confidence) {
    std::string text;
    const double w = result.width, h = result.height;
    for (const yolotrain::Detection& d : result.boxes) {
        text += fmt::format("{} {:.6f} {:.6f} {:.6f} {:.6f}", d.cls, (d.x1 + d.x2) / 2 / w,
                            (d.y1 + d.y2) / 2 / h, (d.x2 - d.x1) / w, (d.y2 - d.y1) / h);
        if (with_confidence) text += fmt::format(" {:.6f}", d.confidence);
        text += "\n";
    }
    return text;
}

}  // namespace tools
