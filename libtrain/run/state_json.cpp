// SPDX-License-Identifier: Apache-2.0
#include "state_json.hpp"

#include <cmath>
#include <limits>
#include <utility>

#include "yolodata/core/error.hpp"

namespace yolotrain {

using json = nlohmann::ordered_json;

namespace {

json counters_json(const Counters& c) {
    return {{"epoch", c.epoch},
            {"step", c.step},
            {"last_optimizer_step", c.last_optimizer_step},
            {"accumulated", c.accumulated},
            {"loss_sum", c.loss_sum},
            {"loss_steps", c.loss_steps},
            {"lr", c.lr},
            {"skipped", c.skipped},
            {"skipped_in_a_row", c.skipped_in_a_row},
            {"best_fitness", c.best_fitness},
            {"best_epoch", c.best_epoch},
            {"patience_epoch", c.patience_epoch},
            {"stopped_early", c.stopped_early},
            {"seconds", c.seconds}};
}

Counters counters_from(const json& j) {
    Counters c;
    j.at("epoch").get_to(c.epoch);
    j.at("step").get_to(c.step);
    j.at("last_optimizer_step").get_to(c.last_optimizer_step);
    j.at("accumulated").get_to(c.accumulated);
    j.at("loss_sum").get_to(c.loss_sum);
    j.at("loss_steps").get_to(c.loss_steps);
    j.at("lr").get_to(c.lr);
    j.at("skipped").get_to(c.skipped);
    j.at("skipped_in_a_row").get_to(c.skipped_in_a_row);
    j.at("best_fitness").get_to(c.best_fitness);
    j.at("best_epoch").get_to(c.best_epoch);
    j.at("patience_epoch").get_to(c.patience_epoch);
    j.at("stopped_early").get_to(c.stopped_early);
    j.at("seconds").get_to(c.seconds);
    return c;
}

/// JSON has no NaN; a loss of an unready network may be one, and must come back as it was.
json loss_json(const std::array<double, 3>& losses) {
    json list = json::array();
    for (const double loss : losses) list.push_back(std::isfinite(loss) ? json(loss) : json(nullptr));
    return list;
}

void loss_from(const json& list, std::array<double, 3>& losses) {
    for (std::size_t i = 0; i < losses.size(); ++i) {
        const json& loss = list.at(i);
        losses[i] = loss.is_null() ? std::numeric_limits<double>::quiet_NaN() : loss.get<double>();
    }
}

json row_json(const EpochRow& row) {
    return {{"epoch", row.epoch},
            {"time", row.time},
            {"train_loss", row.train_loss},
            {"precision", row.precision},
            {"recall", row.recall},
            {"mAP50", row.map50},
            {"mAP50-95", row.map},
            {"val_loss", loss_json(row.val_loss)},
            {"lr", row.lr}};
}

EpochRow row_from(const json& j) {
    EpochRow row;
    j.at("epoch").get_to(row.epoch);
    j.at("time").get_to(row.time);
    j.at("train_loss").get_to(row.train_loss);
    j.at("precision").get_to(row.precision);
    j.at("recall").get_to(row.recall);
    j.at("mAP50").get_to(row.map50);
    j.at("mAP50-95").get_to(row.map);
    loss_from(j.at("val_loss"), row.val_loss);
    j.at("lr").get_to(row.lr);
    return row;
}

OptimizerKind optimizer_from(const std::string& name) {
    for (const OptimizerKind kind : {OptimizerKind::sgd, OptimizerKind::adamw, OptimizerKind::musgd}) {
        if (to_string(kind) == name) return kind;
    }
    throw yolodata::Error(yolodata::ErrorKind::unsupported, "unknown optimizer " + name);
}

}  // namespace

json to_json(const StateImage& image) {
    json rows = json::array(), quarantine = json::array(), args = json::object();
    for (const auto& [key, value] : image.args) args[key] = value;
    for (const EpochRow& row : image.rows) rows.push_back(row_json(row));
    for (const BadRecord& bad : image.quarantine) {
        quarantine.push_back(
            {{"record", bad.record}, {"shard", bad.shard}, {"image", bad.image}, {"reason", bad.reason}});
    }
    return {{"model", "yolov8" + std::string(to_string(image.scale))},
            {"names", image.names},
            {"data_digest", image.data_digest},
            {"val_digest", image.val_digest},
            {"epochs", image.epochs},
            {"patience", image.patience},
            {"optimizer", to_string(image.optimizer)},
            {"precision", to_string(image.precision)},
            {"loss_scale", {{"factor", image.loss_scale.factor}, {"good_steps", image.loss_scale.good_steps}}},
            {"ema_updates", image.ema_updates},
            {"counters", counters_json(image.counters)},
            {"rows", std::move(rows)},
            {"quarantine", std::move(quarantine)},
            {"args", std::move(args)}};
}

StateImage image_from_json(const json& j) {
    StateImage image;
    image.scale = parse_scale(j.at("model").get<std::string>());
    j.at("names").get_to(image.names);
    j.at("data_digest").get_to(image.data_digest);
    if (j.contains("val_digest")) j.at("val_digest").get_to(image.val_digest);  // older checkpoints have none
    j.at("epochs").get_to(image.epochs);
    j.at("patience").get_to(image.patience);
    image.optimizer = optimizer_from(j.at("optimizer").get<std::string>());
    if (j.contains("precision")) {  // checkpoints of before it was chosen have none
        image.precision = parse_precision(j.at("precision").get<std::string>());
        j.at("loss_scale").at("factor").get_to(image.loss_scale.factor);
        j.at("loss_scale").at("good_steps").get_to(image.loss_scale.good_steps);
    }
    j.at("ema_updates").get_to(image.ema_updates);
    image.counters = counters_from(j.at("counters"));
    for (const json& row : j.at("rows")) image.rows.push_back(row_from(row));
    for (const json& bad : j.at("quarantine")) {
        image.quarantine.push_back({bad.at("record").get<std::uint64_t>(), bad.at("shard").get<std::string>(),
                                    bad.at("image").get<std::string>(), bad.at("reason").get<std::string>()});
    }
    for (const auto& [key, value] : j.at("args").items()) image.args.emplace_back(key, value.get<std::string>());
    return image;
}

}  // namespace yolotrain
