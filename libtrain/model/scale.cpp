// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "yolodata/core/error.hpp"
#include "yolotrain/model/yolov8.hpp"

namespace yolotrain {

Scale parse_scale(std::string_view name) {
    std::string_view letter = name;
    if (letter.starts_with("yolov8")) letter.remove_prefix(6);
    for (const std::string_view suffix : {".yaml", ".pt"}) {
        if (letter.ends_with(suffix)) letter.remove_suffix(suffix.size());
    }
    if (letter == "n") return Scale::n;
    if (letter == "s") return Scale::s;
    if (letter == "m") return Scale::m;
    if (letter == "l") return Scale::l;
    if (letter == "x") return Scale::x;
    // The size is a name's last letter in every generation of the family (yolov5s, yolo11n).
    const bool has_size =
        !letter.empty() && std::string_view("nsmlx").find(letter.back()) != letter.npos;
    throw yolodata::Error(
        yolodata::ErrorKind::invalid_argument,
        fmt::format("unknown model \"{}\": did you mean yolov8{}? (yolov8n, s, m, l, x)", name,
                    has_size ? letter.back() : 'n'));
}

std::string_view to_string(Scale scale) {
    switch (scale) {
        case Scale::n:
            return "n";
        case Scale::s:
            return "s";
        case Scale::m:
            return "m";
        case Scale::l:
            return "l";
        case Scale::x:
            return "x";
    }
    return "?";
}

}  // namespace yolotrain
