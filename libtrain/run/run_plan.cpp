// SPDX-License-Identifier: Apache-2.0
#include "run_plan.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>

#include "yolodata/core/error.hpp"
#include "yolotrain/data/class_names.hpp"
#include "yolotrain/data/class_weights.hpp"
#include "yolotrain/data/epoch_records.hpp"

namespace yolotrain {

namespace {

ScheduleOptions complete(ScheduleOptions schedule, const yolodata::shard::ShardSet& train) {
    schedule.images = static_cast<std::int64_t>(EpochRecords(train).size());
    schedule.nc = static_cast<std::int64_t>(class_names(train).size());
    schedule.batch = static_cast<int>(std::min<std::int64_t>(schedule.batch, schedule.images));
    return schedule;
}

}  // namespace

Schedule plan_schedule(const TrainOptions& options, const yolodata::shard::ShardSet& train, const StateImage* from) {
    ScheduleOptions wanted = complete(options.schedule, train);
    if (from != nullptr) wanted.chosen = from->optimizer;
    return Schedule(wanted);
}

LoaderOptions plan_loader(const TrainOptions& options) {
    LoaderOptions loader;
    loader.imgsz = options.imgsz;
    loader.batch = options.schedule.batch;
    loader.seed = options.seed;
    loader.augment = options.augment;
    loader.plain_from = first_plain_epoch(options.schedule.epochs, options.close_mosaic);
    loader.workers = options.workers;
    loader.epochs = options.schedule.epochs;
    loader.read_ahead_bytes = options.read_ahead_bytes;
    loader.drop_behind = options.drop_behind;
    return loader;
}

YoloV8 plan_model(const TrainOptions& options, const std::vector<std::string>& names) {
    YoloV8 model(options.scale, static_cast<std::int64_t>(names.size()), options.seed);
    if (options.freeze > 0) model.freeze(options.freeze);
    return model;
}

at::Tensor plan_class_weights(const TrainOptions& options, const yolodata::shard::ShardSet& train) {
    if (options.cls_pw == 0) return {};
    const std::vector<double> weights = class_weights(count_classes(train, class_names(train).size()), options.cls_pw);
    return at::tensor(weights, at::kDouble).to(at::Device(options.device), at::kFloat);
}

void require_same(const StateImage& from, const TrainOptions& options, const yolodata::shard::ShardSet& train) {
    const auto refuse = [](const std::string& what) {
        throw yolodata::Error(yolodata::ErrorKind::forbidden_state,
                              what + "; a run goes on with the model and the data that it began with: start a new one "
                                     "(--weights takes over what was learned)");
    };
    if (from.scale != options.scale) {
        refuse(fmt::format("the run trains yolov8{}, not yolov8{}", to_string(from.scale), to_string(options.scale)));
    }
    if (options.schedule.optimizer != OptimizerChoice::automatic &&
        options.schedule.optimizer != parse_optimizer(to_string(from.optimizer))) {
        refuse(fmt::format("the run steps with {}, not with another optimizer", to_string(from.optimizer)));
    }
    if (from.names != class_names(train)) refuse("the class names differ from the run's");
    if (from.data_digest != train.digest()) refuse("the training data differ from the run's");
}

std::int64_t first_plain_epoch(int epochs, int close_mosaic) {
    return close_mosaic > 0 && epochs >= close_mosaic ? epochs - close_mosaic : -1;
}

}  // namespace yolotrain
