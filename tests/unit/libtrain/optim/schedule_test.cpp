// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "../support.hpp"
#include "yolodata/core/error.hpp"
#include "yolotrain/optim/schedule.hpp"

namespace yolotrain {
namespace {

using namespace test;
using nlohmann::json;

constexpr double digits = 1e-10;  // the recorded numbers have 11

/// Optimizer steps of the first n iterations.
std::vector<std::int64_t> steps_of(const Schedule& schedule, std::int64_t n) {
    std::vector<std::int64_t> steps;
    std::int64_t last = -1;
    for (std::int64_t i = 0; i < n; ++i) {
        if (!schedule.steps(i, last)) continue;
        steps.push_back(i);
        last = i;
    }
    return steps;
}

void expect_step(const Schedule& schedule, std::int64_t i, const json& lr, const json& bias_lr,
                 const json& accumulate) {
    const auto now = schedule.at(i);
    EXPECT_NEAR(now.lr, lr.get<double>(), digits) << "iteration " << i;
    EXPECT_NEAR(now.bias_lr, bias_lr.get<double>(), digits) << "iteration " << i;
    EXPECT_EQ(now.accumulate, accumulate.get<int>()) << "iteration " << i;
}

void expect_recorded(const Schedule& schedule, const json& recorded, const json& linear) {
    EXPECT_EQ(to_string(schedule.optimizer()), recorded["optimizer"].get<std::string>());
    EXPECT_NEAR(schedule.initial_lr(), recorded["lr0"].get<double>(), digits);
    EXPECT_EQ(schedule.batches_per_epoch(), recorded["batches_per_epoch"]);
    EXPECT_EQ(schedule.warmup_iterations(), recorded["warmup_iterations"]);
    EXPECT_NEAR(schedule.weight_decay(), recorded["weight_decay_scaled"].get<double>(), digits);
    EXPECT_EQ(schedule.accumulate(), recorded["accumulate_after_warmup"]);
    if (recorded.contains("warmup")) {
        const auto& warmup = recorded["warmup"];
        const auto& momentum =
            warmup["momentum"] == "as linear" ? linear["warmup"]["momentum"] : warmup["momentum"];
        const auto& accumulate = warmup["accumulate"] == "as linear"
                                     ? linear["warmup"]["accumulate"]
                                     : warmup["accumulate"];
        const auto n = static_cast<std::int64_t>(warmup["lr_bias"].size());
        for (std::int64_t i = 0; i < n; ++i) {
            const auto k = static_cast<std::size_t>(i);
            expect_step(schedule, i, warmup["lr_weight_and_bn"][k], warmup["lr_bias"][k],
                        accumulate[k]);
            const double expected = momentum.is_array() ? momentum[k].get<double>() : 0.9;
            EXPECT_NEAR(schedule.at(i).momentum, expected, digits);
        }
        const auto& steps = warmup["optimizer_steps_at"] == "as linear"
                                ? linear["warmup"]["optimizer_steps_at"]
                                : warmup["optimizer_steps_at"];
        EXPECT_EQ(json(steps_of(schedule, n)), steps);
    }
    if (recorded.contains("first_iterations_after_warmup")) {
        const auto& after = recorded["first_iterations_after_warmup"];
        const auto first = after["from_iteration"].get<std::int64_t>();
        for (std::size_t k = 0; k < after["momentum"].size(); ++k) {
            const auto i = first + static_cast<std::int64_t>(k);
            expect_step(schedule, i, after["lr_weight_bn_bias"][k][0],
                        after["lr_weight_bn_bias"][k][2], after["accumulate"][k]);
            EXPECT_NEAR(schedule.at(i).momentum, after["momentum"][k].get<double>(), digits);
        }
    }
    if (recorded.contains("lr_at_epoch_end")) {
        const auto& ends = recorded["lr_at_epoch_end"];
        for (std::size_t e = 0; e < ends.size(); ++e) {
            const auto last = static_cast<std::int64_t>(e + 1) * schedule.batches_per_epoch() - 1;
            EXPECT_NEAR(schedule.at(last).lr, ends[e].get<double>(), digits) << "epoch " << e;
        }
    }
}

TEST(Schedule, FollowsRecordedTrainings) {
    const auto file = read_json(YOLO_VECTORS "/optim/schedule.json");
    int compared = 0;
    for (const auto& setting : file["settings"]) {
        ScheduleOptions options;
        options.epochs = setting["epochs"];
        options.images = setting["images"];
        options.batch = setting["batch"];
        for (const auto& [name, recorded] : setting["schedules"].items()) {
            options.optimizer = OptimizerChoice::sgd;
            options.cos_lr = name == "cosine";
            SCOPED_TRACE(name);
            expect_recorded(Schedule(options), recorded, setting["schedules"]["linear"]);
            ++compared;
        }
        options.cos_lr = false;
        options.optimizer = OptimizerChoice::automatic;
        for (const auto& [name, recorded] : setting["auto"].items()) {
            options.nc = std::stoi(name.substr(2));
            SCOPED_TRACE(name);
            if (recorded["optimizer"] == "MuSGD") {  // over 10,000 iterations; its rates are not recorded
                EXPECT_EQ(Schedule(options).optimizer(), OptimizerKind::musgd);
                EXPECT_EQ(Schedule(options).initial_lr(), 0.01);
                EXPECT_EQ(Schedule(options).at(0).bias_lr, 0);
            } else {
                expect_recorded(Schedule(options), recorded, {});
            }
            ++compared;
        }
    }
    EXPECT_EQ(compared, 12);
}

TEST(Schedule, AutoKeepsWhatItChoseAtFirst) {
    ScheduleOptions options;
    options.images = 1600;  // 25 steps of 64 an epoch
    const auto with = [&](int epochs, OptimizerKind chosen) {
        options.epochs = epochs;
        options.chosen = chosen;
        return Schedule(options);
    };
    for (const int epochs : {100, 1000}) {
        const auto adamw = with(epochs, OptimizerKind::adamw);
        EXPECT_EQ(adamw.optimizer(), OptimizerKind::adamw);
        EXPECT_EQ(adamw.initial_lr(), 0.000119);
        EXPECT_EQ(adamw.at(1000).momentum, 0.9);
        for (const auto kind : {OptimizerKind::sgd, OptimizerKind::musgd}) {
            const auto other = with(epochs, kind);
            EXPECT_EQ(other.optimizer(), kind);
            EXPECT_EQ(other.initial_lr(), 0.01);
            EXPECT_EQ(other.at(1000).momentum, options.momentum);
            EXPECT_EQ(other.at(0).bias_lr, 0);
        }
    }
    options.chosen.reset();
    EXPECT_EQ(Schedule(options).optimizer(), OptimizerKind::musgd);
}

TEST(Schedule, OneEpochAndTinySetsWork) {
    ScheduleOptions options;
    options.optimizer = OptimizerChoice::sgd;
    options.epochs = 1;
    options.images = 5;
    const Schedule one(options);
    EXPECT_EQ(one.warmup_iterations(), 0);
    EXPECT_EQ(one.batches_per_epoch(), 1);
    EXPECT_EQ(one.accumulate(), 1) << "not more than there are iterations";
    EXPECT_EQ(one.at(0).lr, 0.01);
    EXPECT_EQ(one.at(0).momentum, 0.937);
    options.epochs = 10;
    options.warmup_epochs = 0;
    EXPECT_EQ(Schedule(options).warmup_iterations(), 0);
    options.epochs = 100;
    EXPECT_NEAR(Schedule(options).factor(99), 0.01 + 0.99 * 0.01, 1e-12);
    EXPECT_NEAR(Schedule(options).factor(120), 0.01, 1e-12);
}

TEST(Schedule, ValuesOutOfRangeAreRefusedByName) {
    auto message = [](auto change) -> std::string {
        ScheduleOptions options;
        options.images = 100;
        change(options);
        try {
            Schedule schedule(options);
        } catch (const yolodata::Error& e) {
            EXPECT_EQ(e.kind(), yolodata::ErrorKind::invalid_argument);
            return e.what();
        }
        return "accepted";
    };
    EXPECT_EQ(message([](auto&) {}), "accepted");
    EXPECT_EQ(message([](auto& o) { o.lr0 = std::nan(""); }).rfind("lr0", 0), 0U);
    EXPECT_EQ(message([](auto& o) { o.batch = 0; }).rfind("batch", 0), 0U);
    EXPECT_EQ(message([](auto& o) { o.images = 0; }).rfind("images", 0), 0U);
    EXPECT_EQ(message([](auto& o) { o.epochs = 0; }).rfind("epochs", 0), 0U);
    EXPECT_EQ(message([](auto& o) { o.momentum = 1.5; }).rfind("momentum", 0), 0U);
    EXPECT_EQ(message([](auto& o) { o.weight_decay = HUGE_VAL; }).rfind("weight_decay", 0), 0U);
    EXPECT_THROW(parse_optimizer("adam"), yolodata::Error);
    EXPECT_EQ(parse_optimizer("adamw"), OptimizerChoice::adamw);
    EXPECT_EQ(parse_optimizer("SGD"), OptimizerChoice::sgd);
}

}  // namespace
}  // namespace yolotrain
