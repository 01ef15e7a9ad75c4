// SPDX-License-Identifier: Apache-2.0
#include "scene_mixes.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "mat.hpp"
#include "yolodata/augment/mixup.hpp"

namespace yolodata {
namespace {

double area(const PixelBox& b) {
    return static_cast<double>(b.x2 - b.x1) * (b.y2 - b.y1);
}

double common_area(const PixelBox& a, const PixelBox& b) {
    const double w = std::min(a.x2, b.x2) - std::max(a.x1, b.x1),
                 h = std::min(a.y2, b.y2) - std::max(a.y1, b.y1);
    return w > 0 && h > 0 ? w * h : 0;
}

PixelBox draw_rectangle(double share, int width, int height, Random& random) {
    const double side = std::sqrt(share);
    const auto w = static_cast<int>(width * side), h = static_cast<int>(height * side);
    const auto x = static_cast<int>(random.below(static_cast<std::uint64_t>(width)));
    const auto y = static_cast<int>(random.below(static_cast<std::uint64_t>(height)));
    return {0, static_cast<float>(std::max(x - w / 2, 0)),
            static_cast<float>(std::max(y - h / 2, 0)),
            static_cast<float>(std::min(x + w / 2, width)),
            static_cast<float>(std::min(y + h / 2, height))};
}

/// A copy of an object that lies in the rectangle, cut off at its edges.
std::optional<Object> part_in(const PixelBox& rectangle, Object object, Task task) {
    const double least_share = object.polygon.empty() ? 0.1 : 0.01;
    if (common_area(object.box, rectangle) < least_share * area(object.box) ||
        area(object.box) <= 0)
        return std::nullopt;
    move(object, -rectangle.x1, -rectangle.y1);
    if (!clip(object, task, static_cast<int>(rectangle.x2 - rectangle.x1),
              static_cast<int>(rectangle.y2 - rectangle.y1)))
        return std::nullopt;
    move(object, rectangle.x1, rectangle.y1);
    return object;
}

}  // namespace

void copy_paste(Scene& scene, double share, Random& random) {
    const int width = scene.image.width;
    cv::Mat mirror, mask = cv::Mat::zeros(scene.image.height, width, CV_8UC1);
    std::vector<Object> pasted;
    constexpr double most_covered = 0.3;
    for (const Object& object : scene.objects) {
        const bool chosen = random.uniform() < share;
        if (!chosen || object.polygon.size() < 3) continue;
        Object copy = object;
        flip_left_right(copy, width, {});
        const auto covers = [&](const Object& other) {
            return common_area(copy.box, other.box) >=
                   most_covered * std::max(area(other.box), 1e-9);
        };
        if (std::any_of(scene.objects.begin(), scene.objects.end(), covers) ||
            std::any_of(pasted.begin(), pasted.end(), covers))
            continue;
        std::vector<cv::Point> points;
        for (const Vertex& p : copy.polygon)
            points.emplace_back(static_cast<int>(std::lround(p.x)),
                                static_cast<int>(std::lround(p.y)));
        cv::fillPoly(mask, std::vector<std::vector<cv::Point>>{points}, cv::Scalar(255));
        pasted.push_back(std::move(copy));
    }
    if (pasted.empty()) return;
    cv::flip(as_mat(scene.image), mirror, 1);
    cv::Mat pixels = as_mat(scene.image);
    mirror.copyTo(pixels, mask);
    std::move(pasted.begin(), pasted.end(), std::back_inserter(scene.objects));
}

std::vector<Object> as_objects(const std::vector<PixelBox>& boxes) {
    std::vector<Object> objects;
    for (const PixelBox& box : boxes) objects.push_back({box, {}, {}});
    return objects;
}

std::optional<Cut> draw_cut(const std::vector<Object>& objects, const std::vector<Object>& others,
                            Task task, int width, int height, Random& random) {
    const double share = 1 - draw_mixup_ratio(random);
    constexpr int tries = 3;
    std::optional<PixelBox> free;
    for (int i = 0; i < tries;
         ++i) {  // all are drawn: how many numbers are used must not depend on the objects
        const PixelBox r = draw_rectangle(share, width, height, random);
        const auto touches = [&](const Object& object) { return common_area(object.box, r) > 0; };
        if (!free && area(r) > 0 && std::none_of(objects.begin(), objects.end(), touches)) free = r;
    }
    if (!free) return std::nullopt;
    Cut cut{static_cast<int>(free->x1),
            static_cast<int>(free->y1),
            static_cast<int>(free->x2 - free->x1),
            static_cast<int>(free->y2 - free->y1),
            {}};
    for (const Object& object : others)
        if (auto part = part_in(*free, object, task)) cut.parts.push_back(std::move(*part));
    if (cut.parts.empty()) return std::nullopt;
    return cut;
}

void cutmix(Scene& scene, const Scene& other, Task task, Random& random) {
    auto cut = draw_cut(scene.objects, other.objects, task, scene.image.width, scene.image.height,
                        random);
    if (!cut) return;
    const cv::Rect where(cut->x, cut->y, cut->width, cut->height);
    cv::Mat to = as_mat(scene.image)(where);
    as_mat(other.image)(where).copyTo(to);
    std::move(cut->parts.begin(), cut->parts.end(), std::back_inserter(scene.objects));
}

void blur(Picture& picture, Random& random) {
    const int side = 3 + 2 * static_cast<int>(random.below(3));
    cv::Mat pixels = as_mat(picture), soft;
    cv::blur(pixels, soft, {side, side});
    soft.copyTo(pixels);
}

void gray(Picture& picture) {
    cv::Mat pixels = as_mat(picture), luminance;
    cv::cvtColor(pixels, luminance, cv::COLOR_RGB2GRAY);
    cv::cvtColor(luminance, pixels, cv::COLOR_GRAY2RGB);
}

void equalise(Picture& picture) {
    constexpr double clip_limit = 4;
    cv::Mat pixels = as_mat(picture), lab;
    cv::cvtColor(pixels, lab, cv::COLOR_RGB2Lab);
    std::vector<cv::Mat> channels;
    cv::split(lab, channels);
    cv::createCLAHE(clip_limit, {8, 8})->apply(channels[0], channels[0]);
    cv::merge(channels, lab);
    cv::cvtColor(lab, pixels, cv::COLOR_Lab2RGB);
}

}  // namespace yolodata
