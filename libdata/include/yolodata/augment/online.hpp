// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "yolodata/augment/picture_view.hpp"
#include "yolodata/augment/render.hpp"
#include "yolodata/augment/sample.hpp"

namespace yolodata {

/// Augmentation while training, under Ultralytics' names and with its defaults.
struct AugmentOptions {
    double hsv_h = 0.015, hsv_s = 0.7, hsv_v = 0.4;  ///< gain fractions, 0…1
    double degrees = 0;                              ///< rotation, ± degrees, 0…180
    double translate = 0.1;                          ///< ± fraction of the size, 0…1
    double scale = 0.5;                              ///< ± gain, 0…1
    double shear = 0;                                ///< ± degrees
    double perspective = 0;                          ///< ± fraction, 0…0.001
    double flipud = 0, fliplr = 0.5;                 ///< probabilities
    double mosaic = 1.0;                             ///< probability of a 4-picture mosaic
    double mixup = 0;  ///< probability of blending in a second (mosaic) picture
    double cutmix = 0;  ///< probability, where none is blended in, of a rectangle of it where no object lies
};

/// Picture `number` of a split, long side resized to imgsz. Called from worker threads.
using SampleSource = std::function<Sample(std::uint64_t number)>;

/// Where in a training a sample is made.
struct OnlineContext {
    std::uint64_t seed = 0;
    std::uint32_t epoch = 0;
    std::uint64_t n = 0;        ///< samples an epoch, < 2^55
    std::uint64_t window = 1;   ///< positions that partners come from: min(n, 8·batch, 1000)
    int imgsz = 640;            ///< px
    bool close_mosaic = false;  ///< the last epochs: no mosaic, no mixup, no cutmix
    /// The record at a position of the epoch's order.
    std::function<std::uint64_t(std::uint64_t position)> record_at;
};

/// Makes the training sample at `position` of an epoch, imgsz × imgsz: mosaic (or letterbox),
/// affine, mixup or cutmix, HSV, flips. A pure function of its arguments: the same whatever the thread, the
/// worker count or the order of calls. Partners come from the `window` positions before it, cyclic.
/// Thread-safe if the two functions are. OpenCV runs single calls over several threads: callers
/// with workers of their own should call cv::setNumThreads(1) once at start; this library never
/// does.
Sample make_training_sample(const OnlineContext& context, std::uint64_t position,
                            const AugmentOptions& options, const SampleSource& source);
/// The same from views: nothing is copied of the pictures that are read.
Sample make_training_sample(const OnlineContext& context, std::uint64_t position,
                            const AugmentOptions& options, const ViewSource& source);
/// The same straight into `pixels`, imgsz · imgsz · 3 bytes of the caller's batch; returns the
/// boxes. Drawn in one pass (render()); with options.perspective, by a chain of OpenCV calls.
std::vector<PixelBox> render_training_sample(const OnlineContext& context, std::uint64_t position,
                                             const AugmentOptions& options,
                                             const ViewSource& source, std::uint8_t* pixels,
                                             PixelLayout layout);

}  // namespace yolodata
