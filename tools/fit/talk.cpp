// SPDX-License-Identifier: Apache-2.0
#include "fit/talk.hpp"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "yolodata/core/utf8.hpp"

namespace tools {

namespace {

constexpr std::size_t kNamedAtEnd = 20;  ///< bad records named one by one; events.jsonl has them all

}  // namespace

void FitTalk::begin(const yolotrain::Trainer& trainer, const yolotrain::TrainOptions& options, const std::string& run,
                    bool resumed) {
    const auto& loader = trainer.loader();
    const auto [taken, all] = trainer.transferred();
    if (all > 0) say(fmt::format("transferred {}/{} tensors from {}", taken, all, options.weights));
    const int threads = at::get_num_threads();
    say(fmt::format("yolov8{}, {} classes, {} pictures of {} px, {} steps of {} an epoch, {} lr {:.6g}, {}, {} thread{}",
                    yolotrain::to_string(options.scale), trainer.state().model.nc(), loader.size(), options.imgsz,
                    loader.steps(), loader.batch_size(), yolotrain::to_string(trainer.schedule().optimizer()),
                    trainer.schedule().initial_lr(), options.device, threads, threads == 1 ? "" : "s"));
    const auto& counters = trainer.state().counters;
    say(resumed ? fmt::format("continuing {} in epoch {} after step {}", run, counters.epoch + 1, counters.step)
                : fmt::format("training {} epochs into {}", epochs_, run));
    row_time_ = counters.seconds;
}

void FitTalk::say(const std::string& line) {
    if (quiet_) return;
    if (bar_) bar_->finish();
    bar_.reset();
    fmt::print(stderr, "yolotrain fit: {}\n", line);
}

void FitTalk::bar(const std::string& label, std::uint64_t done, std::uint64_t total, const std::string& unit,
                  const std::string& note) {
    if (!bar_ || bar_label_ != label) {
        bar_ = std::make_unique<Progress>(label, unit, total, quiet_);
        bar_label_ = label;
    }
    bar_->update(done, note);
}

void FitTalk::stepped(const yolotrain::Counters& counters, std::int64_t steps) {
    const double n = static_cast<double>(std::max<std::int64_t>(counters.loss_steps, 1));
    bar(fmt::format("epoch {}/{}", counters.epoch + 1, epochs_), static_cast<std::uint64_t>(counters.step),
        static_cast<std::uint64_t>(steps), "steps",
        fmt::format("box {:.3f} cls {:.3f} dfl {:.3f}", counters.loss_sum[0] / n, counters.loss_sum[1] / n,
                    counters.loss_sum[2] / n));
}

void FitTalk::validating(std::size_t done, std::size_t total) { bar("validation", done, total, "pictures", ""); }

void FitTalk::epoch_ended(const yolotrain::EpochRow& row, const yolotrain::Counters& counters) {
    const auto& t = row.train_loss;
    say(fmt::format("epoch {}/{}  box {:.4f}  cls {:.4f}  dfl {:.4f}  P {:.3f}  R {:.3f}  mAP50 {:.4f}  mAP50-95 {:.4f}"
                    "{}  {:.1f} s",
                    row.epoch, epochs_, t[0], t[1], t[2], row.precision, row.recall, row.map50, row.map,
                    counters.best_epoch == row.epoch && row.map > 0 ? " (best)" : "", row.time - row_time_));
    row_time_ = row.time;
}

void FitTalk::happened(const yolotrain::Event& event) {
    if (event.kind == "bad-record" && event.record < 0) unreadable_.push_back(event.image);
    const std::string image = event.image.empty() ? "" : fmt::format(" ({})", yolodata::printable(event.image));
    say(fmt::format("{}: {}{}: {}", event.kind, yolodata::printable(event.message), image, event.action));
}

void FitTalk::end(const yolotrain::Trainer& trainer, const yolotrain::RunFolder& folder, yolotrain::Outcome outcome) {
    const auto& state = trainer.state();
    if (outcome == yolotrain::Outcome::finished) {
        if (state.counters.stopped_early) {
            say(fmt::format("stopped early: no better mAP50-95 since epoch {}", state.counters.patience_epoch));
        }
        const auto best = std::find_if(state.rows.begin(), state.rows.end(), [&](const yolotrain::EpochRow& row) {
            return row.epoch == state.counters.best_epoch;
        });
        if (best != state.rows.end()) {
            say(fmt::format("best mAP50-95 {:.4f} (mAP50 {:.4f}) in epoch {}", best->map, best->map50, best->epoch));
        }
        say(fmt::format("weights: {} and {}", folder.best(), folder.last()));
    }
    std::vector<std::string> bad;
    for (const auto& record : state.quarantine->list()) {
        bad.push_back(fmt::format("record {} of {} ({}): {}", record.record,
                                  std::filesystem::path(record.shard).filename().string(), record.image,
                                  record.reason));
    }
    std::copy(unreadable_.begin(), unreadable_.end(), std::back_inserter(bad));
    if (bad.empty()) return;
    say(fmt::format("{} of the data could not be used; pack the set again:", bad.size()));
    for (std::size_t i = 0; i < std::min(bad.size(), kNamedAtEnd); ++i) say("  " + yolodata::printable(bad[i]));
    if (bad.size() > kNamedAtEnd) say(fmt::format("  … all are in {}", folder.events()));
}

}  // namespace tools
