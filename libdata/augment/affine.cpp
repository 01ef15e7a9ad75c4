// SPDX-License-Identifier: Apache-2.0
#include "yolodata/augment/affine.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include <opencv2/imgproc.hpp>

#include "mat.hpp"
#include "yolodata/augment/mosaic.hpp"
#include "yolodata/augment/online.hpp"

namespace yolodata {
namespace {

double radians(double degrees) {
    return degrees * CV_PI / 180;
}

struct Point {
    double x, y;
};

Point transform(const cv::Matx33d& m, double x, double y) {
    const double w = m(2, 0) * x + m(2, 1) * y + m(2, 2);
    return {(m(0, 0) * x + m(0, 1) * y + m(0, 2)) / w, (m(1, 0) * x + m(1, 1) * y + m(1, 2)) / w};
}

bool stays(const PixelBox& before, double w, double h, double scale, double least_share) {
    constexpr double smallest = 2, most_elongated = 100, epsilon = 1e-16;
    const double area =
        static_cast<double>(before.x2 - before.x1) * (before.y2 - before.y1) * scale * scale;
    return w > smallest && h > smallest && w * h / (area + epsilon) > least_share &&
           std::max(w / (h + epsilon), h / (w + epsilon)) < most_elongated;
}

// The upright box around the four transformed corners, clipped; nothing if too little is left of
// it.
std::optional<PixelBox> transform(const PixelBox& box, const cv::Matx33d& m, double scale,
                                  int width, int height) {
    const Point corners[] = {transform(m, box.x1, box.y1), transform(m, box.x2, box.y1),
                             transform(m, box.x2, box.y2), transform(m, box.x1, box.y2)};
    const auto [left, right] =
        std::minmax({corners[0].x, corners[1].x, corners[2].x, corners[3].x});
    const auto [top, bottom] =
        std::minmax({corners[0].y, corners[1].y, corners[2].y, corners[3].y});
    const double x1 = std::clamp<double>(left, 0, width), x2 = std::clamp<double>(right, 0, width);
    const double y1 = std::clamp<double>(top, 0, height),
                 y2 = std::clamp<double>(bottom, 0, height);

    const PixelBox after{box.cls, static_cast<float>(x1), static_cast<float>(y1),
                         static_cast<float>(x2), static_cast<float>(y2)};
    constexpr double least_share = 0.1;
    if (!stays(box, x2 - x1, y2 - y1, scale, least_share)) return std::nullopt;
    return after;
}

}  // namespace

bool box_stays(const PixelBox& before, const PixelBox& after, double scale, double least_share) {
    return stays(before, static_cast<double>(after.x2) - after.x1,
                 static_cast<double>(after.y2) - after.y1, scale, least_share);
}

AffineDraw draw_affine(Random& random, const AugmentOptions& options) {
    auto around = [&random](double middle, double range) {
        return random.uniform(middle - range, middle + range);
    };
    AffineDraw draw;
    draw.perspective_x = around(0, options.perspective);
    draw.perspective_y = around(0, options.perspective);
    draw.angle = around(0, options.degrees);
    draw.scale = std::max(around(1, options.scale), 1e-3);  // with a range of 1 it may be drawn as good as zero
    draw.shear_x = around(0, options.shear);
    draw.shear_y = around(0, options.shear);
    draw.translate_x = around(0.5, options.translate);
    draw.translate_y = around(0.5, options.translate);
    return draw;
}

std::array<double, 9> affine_matrix(const AffineDraw& draw, int source_width, int source_height,
                                    int width, int height) {
    const double a = draw.scale * std::cos(radians(draw.angle)),
                 b = draw.scale * std::sin(radians(draw.angle));
    const cv::Matx33d centre(1, 0, -source_width / 2.0, 0, 1, -source_height / 2.0, 0, 0, 1);
    const cv::Matx33d perspective(1, 0, 0, 0, 1, 0, draw.perspective_x, draw.perspective_y, 1);
    const cv::Matx33d rotate(a, b, 0, -b, a, 0, 0, 0, 1);
    const cv::Matx33d shear(1, std::tan(radians(draw.shear_x)), 0, std::tan(radians(draw.shear_y)),
                            1, 0, 0, 0, 1);
    const cv::Matx33d translate(1, 0, draw.translate_x * width, 0, 1, draw.translate_y * height, 0,
                                0, 1);
    const cv::Matx33d product = translate * shear * rotate * perspective * centre;
    std::array<double, 9> matrix{};
    std::copy(product.val, product.val + 9, matrix.begin());
    return matrix;
}

std::vector<PixelBox> warp_boxes(const std::vector<PixelBox>& boxes,
                                 const std::array<double, 9>& matrix, double scale, int width,
                                 int height) {
    const cv::Matx33d m(matrix.data());
    std::vector<PixelBox> warped;
    warped.reserve(boxes.size());
    for (const PixelBox& box : boxes)
        if (const auto moved = transform(box, m, scale, width, height)) warped.push_back(*moved);
    return warped;
}

Sample warp(const Sample& sample, const AffineDraw& draw, int width, int height) {
    const auto elements =
        affine_matrix(draw, sample.image.width, sample.image.height, width, height);
    const cv::Matx33d matrix(elements.data());
    Sample warped;
    const bool moves = cv::norm(matrix - cv::Matx33d::eye(), cv::NORM_INF) != 0 ||
                       width != sample.image.width || height != sample.image.height;
    if (moves) {
        warped.image = Picture(width, height);
        cv::Mat to = as_mat(warped.image);
        const auto outside = cv::Scalar::all(padding_value);
        if (draw.has_perspective())
            cv::warpPerspective(as_mat(sample.image), to, matrix, to.size(), cv::INTER_LINEAR,
                                cv::BORDER_CONSTANT, outside);
        else
            cv::warpAffine(as_mat(sample.image), to, matrix.get_minor<2, 3>(0, 0), to.size(),
                           cv::INTER_LINEAR, cv::BORDER_CONSTANT, outside);
    } else {
        warped.image = sample.image;
    }
    warped.boxes = warp_boxes(sample.boxes, elements, draw.scale, width, height);
    return warped;
}

}  // namespace yolodata
