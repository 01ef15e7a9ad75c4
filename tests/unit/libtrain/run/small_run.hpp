// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "../data/drawn_set.hpp"
#include "yolotrain/eval/eval_source.hpp"
#include "yolotrain/run/checkpoint.hpp"
#include "yolotrain/run/trainer.hpp"

namespace yolotrain::test {

/// Calls a function after each step and at each batch of a validation, and keeps the events.
struct Watcher : TrainObserver {
    std::function<void()> after_step = [] {}, in_validation = [] {};
    std::vector<Event> events;
    void stepped(const Counters&, std::int64_t) override { after_step(); }
    void validating(std::size_t, std::size_t) override { in_validation(); }
    void happened(const Event& event) override { events.push_back(event); }
};

/// A network at 32 px on a handful of drawn pictures: a second for some epochs. Its clock stands still, so
/// that two runs of the same bits write the same results.csv.
struct SmallRun {
    SmallRun() {
        options.imgsz = 32;
        options.seed = 3;
        options.workers = 1;
        options.close_mosaic = 1;
        options.schedule.epochs = 3;
        options.schedule.batch = 3;
        options.schedule.nbs = 6;  // two batches a step of the optimizer: gradients are carried over
        draw_set(data(), 11, 14, 32);  // four steps an epoch, none of one picture, three batches a validation
    }

    std::string data() const { return scratch / "set"; }
    std::string run(const std::string& name) const { return scratch / name; }

    /// Trains in the folder `name` from `from` or from the start.
    Outcome train(const std::string& name, Watcher& watcher, const StateImage* from = nullptr) {
        const RunFolder folder = RunFolder::open(run(name));
        TrainData inputs{std::make_shared<const yolodata::shard::ShardSet>(data(), "train"),
                         open_shard_source(data(), "val")};
        Clock still;
        still.seconds = [] { return 0.0; };
        Trainer trainer(options, inputs, folder, stop, watcher, from, still);
        return trainer.run();
    }

    /// Trains on from the newest checkpoint in the folder.
    Outcome resume(const std::string& name, Watcher& watcher, std::vector<std::string>* problems = nullptr) {
        stop.request(0);
        std::vector<std::string> ignored;
        const auto image = CheckpointStore(run(name) + "/state").newest(problems != nullptr ? *problems : ignored);
        if (!image) throw std::runtime_error("no checkpoint in " + name);
        return train(name, watcher, &*image);
    }

    std::string last(const std::string& name) const { return slurp(run(name) + "/weights/last.safetensors"); }
    std::string best(const std::string& name) const { return slurp(run(name) + "/weights/best.safetensors"); }
    std::string results(const std::string& name) const { return slurp(run(name) + "/results.csv"); }

    ScratchFolder scratch;
    TrainOptions options;
    StopFlag stop;
};

}  // namespace yolotrain::test
