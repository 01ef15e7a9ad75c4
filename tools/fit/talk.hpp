// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/progress.hpp"
#include "yolotrain/run/run_folder.hpp"
#include "yolotrain/run/trainer.hpp"

namespace tools {

/// What a training says on stderr: a progress bar on a terminal, a line an epoch, what went wrong, and the
/// summary at the end.
class FitTalk : public yolotrain::TrainObserver {
   public:
    FitTalk(int epochs, bool quiet) : epochs_(epochs), quiet_(quiet) {}

    void begin(const yolotrain::Trainer& trainer, const yolotrain::TrainOptions& options, const std::string& run,
               bool resumed);
    void stepped(const yolotrain::Counters& counters, std::int64_t steps) override;
    void validating(std::size_t done, std::size_t total) override;
    void epoch_ended(const yolotrain::EpochRow& row, const yolotrain::Counters& counters) override;
    void happened(const yolotrain::Event& event) override;
    void end(const yolotrain::Trainer& trainer, const yolotrain::RunFolder& folder, yolotrain::Outcome outcome);

   private:
    void bar(const std::string& label, std::uint64_t done, std::uint64_t total, const std::string& unit,
             const std::string& note);
    void say(const std::string& line);

    const int epochs_;
    const bool quiet_;
    std::unique_ptr<Progress> bar_;
    std::string bar_label_;
    std::vector<std::string> unreadable_;  ///< validation pictures
    double row_time_ = 0;                  ///< of the last line
};

}  // namespace tools
