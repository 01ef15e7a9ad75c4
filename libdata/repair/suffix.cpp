// SPDX-License-Identifier: Apache-2.0
#include "suffix.hpp"

namespace yolodata {

namespace {

std::string usual_suffix(Format format) {
    switch (format) {
        case Format::jpeg:
            return ".jpg";
        case Format::png:
            return ".png";
        case Format::bmp:
            return ".bmp";
        case Format::webp:
            return ".webp";
        case Format::tiff:
            return ".tif";
        default:
            return {};
    }
}

}  // namespace

std::string with_suffix_of(const std::string& path, Format format) {
    const std::string suffix = usual_suffix(format);
    if (suffix.empty()) return path;
    const auto slash = path.rfind('/');
    const auto dot = path.rfind('.');
    const bool has_suffix =
        dot != std::string::npos && (slash == std::string::npos || dot > slash + 1);
    return (has_suffix ? path.substr(0, dot) : path) + suffix;
}

}  // namespace yolodata
