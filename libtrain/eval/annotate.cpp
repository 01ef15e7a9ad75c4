// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/eval/annotate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace yolotrain {

namespace {

/// Sizes that follow the picture's.
struct Style {
    int line;       ///< px
    double font;    ///< OpenCV's scale
    int text_line;  ///< stroke of the text, px
    int margin;     ///< around the text, px

    explicit Style(const yolodata::Picture& picture) {
        const double side = (picture.width + picture.height) / 2.0;
        line = std::max(1, static_cast<int>(std::lround(side * 0.003)));
        font = std::clamp(side * 0.0009, 0.35, 3.0);
        text_line = std::max(1, static_cast<int>(std::lround(font)));
        margin = std::max(2, static_cast<int>(std::lround(font * 4)));
    }
};

std::string label_of(const Detection& d, const std::vector<std::string>& names) {
    const auto k = static_cast<std::size_t>(d.cls);
    std::string name = d.cls >= 0 && k < names.size() ? names[k] : std::string();
    const bool drawable =
        std::all_of(name.begin(), name.end(), [](char c) { return c >= ' ' && c <= '~'; });
    if (name.empty() || !drawable) name = fmt::format("class {}", d.cls);
    return fmt::format("{} {:.2f}", name, d.confidence);
}

/// Black or white, whichever can be read on the colour (relative luminance after ITU-R BT.709).
cv::Scalar text_colour(const std::array<std::uint8_t, 3>& c) {
    const double luminance = 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
    return luminance > 140 ? cv::Scalar(0, 0, 0) : cv::Scalar(255, 255, 255);
}

void draw_label(cv::Mat& image, const cv::Rect& box, const std::string& text,
                const cv::Scalar& plate, const cv::Scalar& ink, const Style& style) {
    int baseline = 0;
    const cv::Size size =
        cv::getTextSize(text, cv::FONT_HERSHEY_SIMPLEX, style.font, style.text_line, &baseline);
    const int width = size.width + 2 * style.margin;
    const int height = size.height + 2 * style.margin;
    // Above the box; below its upper edge where the picture ends.
    const int x = std::clamp(box.x - style.line / 2, 0, std::max(0, image.cols - width));
    const int y =
        box.y >= height ? box.y - height : std::clamp(box.y, 0, std::max(0, image.rows - height));
    cv::rectangle(image, cv::Rect(x, y, width, height) & cv::Rect(0, 0, image.cols, image.rows),
                  plate, cv::FILLED);
    cv::putText(image, text, {x + style.margin, y + style.margin + size.height},
                cv::FONT_HERSHEY_SIMPLEX, style.font, ink, style.text_line, cv::LINE_AA);
}

}  // namespace

std::array<std::uint8_t, 3> class_colour(std::int32_t cls) {
    // Hues a golden section apart do not come close to each other soon; where they do (5, 8, 13 …
    // classes on), the shade differs: full, dark, pale.
    struct Shade {
        double value, low;  // of the strongest and the weakest channel
    };
    constexpr Shade shades[] = {{255, 38}, {185, 9}, {255, 128}};
    const double turn = std::fmod(0.03 + 0.61803398875 * cls, 1.0);
    const double hue = (turn < 0 ? turn + 1 : turn) * 6;
    const auto [value, low] = shades[static_cast<std::uint32_t>(cls) % 3];
    std::array<std::uint8_t, 3> colour{};
    for (int i = 0; i < 3; ++i) {
        const double k = std::fmod((i == 0 ? 5.0 : i == 1 ? 3.0 : 1.0) + hue, 6.0);
        const double part = std::clamp(std::min(k, 4 - k), 0.0, 1.0);
        colour[i] = static_cast<std::uint8_t>(std::lround(value - (value - low) * part));
    }
    return colour;
}

void annotate(yolodata::Picture& picture, std::span<const Detection> detections,
              const std::vector<std::string>& names) {
    if (picture.empty()) return;
    cv::Mat image(picture.height, picture.width, CV_8UC3, picture.rgb.data());
    const Style style(picture);
    const auto box_of = [&](const Detection& d) {
        const auto px = [](float v, int side) {
            return std::clamp(static_cast<int>(std::lround(v)), 0, std::max(side - 1, 0));
        };
        return cv::Rect(cv::Point(px(d.x1, picture.width), px(d.y1, picture.height)),
                        cv::Point(px(d.x2, picture.width) + 1, px(d.y2, picture.height) + 1));
    };
    // Boxes first, so that no line crosses a label.
    for (auto d = detections.rbegin(); d != detections.rend(); ++d) {
        const auto c = class_colour(d->cls);
        cv::rectangle(image, box_of(*d), cv::Scalar(c[0], c[1], c[2]), style.line, cv::LINE_8);
    }
    for (auto d = detections.rbegin(); d != detections.rend(); ++d) {
        const auto c = class_colour(d->cls);
        draw_label(image, box_of(*d), label_of(*d, names), cv::Scalar(c[0], c[1], c[2]),
                   text_colour(c), style);
    }
}

}  // namespace yolotrain
