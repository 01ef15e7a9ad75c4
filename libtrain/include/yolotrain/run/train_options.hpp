// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "yolodata/augment/online.hpp"
#include "yolotrain/data/loader.hpp"
#include "yolotrain/loss/detection_loss.hpp"
#include "yolotrain/model/yolov8.hpp"
#include "yolotrain/optim/schedule.hpp"
#include "yolotrain/run/precision.hpp"

namespace yolotrain {

/// Option names and values as text, in the order of the option table.
using Args = std::vector<std::pair<std::string, std::string>>;

/// What a training is asked for. Names and defaults are Ultralytics'.
struct TrainOptions {
    Scale scale = Scale::n;
    std::string weights;      ///< file to start from, empty = random weights from the seed
    int imgsz = 640;          ///< px, a multiple of 32
    std::uint64_t seed = 0;
    int freeze = 0;           ///< layers model.0 … freeze−1 keep their weights
    /// epochs, batch, learning rates, warm-up …; `images` and `nc` are filled in from the data.
    ScheduleOptions schedule;
    LossGains gains;
    double cls_pw = 0;        ///< power of the classes' inverse frequency that weighs their loss, 0…1; 0 = none do
    yolodata::AugmentOptions augment;
    double multi_scale = 0;   ///< each step's pictures are scaled by a factor within 1 ± this, to multiples of 32
    int close_mosaic = 10;    ///< epochs at the end without mosaic, mixup and cutmix, 0 = none
    int patience = 100;       ///< epochs without a better fitness before it stops, 0 = never
    bool val = true;          ///< validate after each epoch; false: after the last one only
    int save_period = -1;     ///< also keep epochN.safetensors every so many epochs, below 1 = never
    int workers = 1;          ///< loader threads
    std::uint64_t read_ahead_bytes = kReadAheadBytes;  ///< as LoaderOptions has it
    bool drop_behind = false;                          ///< as LoaderOptions has it
    std::string device = "cpu";  ///< as at::Device reads it
    Amp amp = Amp::off;       ///< what the network computes in
    /// The options as a config file holds them: kept in the checkpoint, so that a run can be continued by
    /// its name alone.
    Args args;
};

/// What the training asks its loader for.
LoaderOptions plan_loader(const TrainOptions& options);

/// The first epoch (from 0) without mosaic, −1 if there is none. Like Ultralytics, a training that is
/// shorter than close_mosaic keeps mosaic to its end.
std::int64_t first_plain_epoch(int epochs, int close_mosaic);

}  // namespace yolotrain
