// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "yolotrain/eval/detections.hpp"

namespace tools {

/// What was found in one picture.
struct PictureResult {
    std::string path;                         ///< as the user named it
    int width = 0, height = 0;                ///< px, as decoded, EXIF applied
    std::vector<yolotrain::Detection> boxes;  ///< pixels of the picture, most confident first
};

/// What stands at the head of a report.
struct PredictSetup {
    std::string weights;  ///< name of the file
    int imgsz = 0;
    double conf = 0, iou = 0;
    std::vector<std::string> names;
};

/// "a.jpg  640x480  14 boxes: 12 RBC, 2 WBC".
std::string to_line(const PictureResult& result, const std::vector<std::string>& names);
/// One line of JSON Lines: an object of "images" of the report.
std::string to_json_line(const PictureResult& result, const std::vector<std::string>& names);
/// schemas/predict.schema.json.
std::string to_json(const PredictSetup& setup, const std::vector<PictureResult>& results,
                    const std::vector<std::string>& unreadable);
/// Label rows "class x y w h [confidence]", normalised to the picture.
std::string to_label_file(const PictureResult& result, bool with_confidence);

}  // namespace tools
