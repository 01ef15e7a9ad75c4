// SPDX-License-Identifier: Apache-2.0
#include "run_output.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "yolodata/core/atomic_file.hpp"
#include "yolodata/core/error.hpp"

namespace yolotrain {

using yolodata::Error;

namespace {

std::string kind_of(const Error& error, const char* otherwise) {
    return error.kind() == yolodata::ErrorKind::resource ? "disk-full" : otherwise;
}

Event failure(Event place, const Error& error, const char* kind, std::string action) {
    place.kind = kind_of(error, kind);
    place.message = error.what();
    place.action = std::move(action);
    return place;
}

}  // namespace

RunOutput::RunOutput(const RunFolder& folder, TrainObserver& observer, WeightsInfo info, int save_period,
                     const Clock& clock)
    : folder_(folder),
      observer_(observer),
      info_(std::move(info)),
      save_period_(save_period),
      checkpoints_(folder.state()),
      events_(folder.events(), clock) {}

void RunOutput::report(const Event& event) {
    events_.append(event);
    observer_.happened(event);
}

void RunOutput::save_weights_as(const std::string& path, const TrainState& state, const Event& place) {
    std::error_code refused;
    std::filesystem::create_directories(folder_.weights(), refused);
    try {
        save_weights(path, state.average.state(), info_);
    } catch (const Error& error) {
        report(failure(place, error, "write-failed", "weights not written; training goes on"));
    }
}

void RunOutput::publish(const TrainState& state, const EpochVerdict& verdict, const Event& place) {
    save_weights_as(folder_.last(), state, place);
    if (verdict.best) save_weights_as(folder_.best(), state, place);
    const std::int64_t epoch = verdict.row.epoch;
    if (save_period_ > 0 && epoch % save_period_ == 0) {
        save_weights_as(fmt::format("{}/epoch{}.safetensors", folder_.weights(), epoch), state, place);
    }
    try {
        yolodata::write_file_atomically(folder_.results(), results_csv(state.rows));
    } catch (const Error& error) {
        report(failure(place, error, "write-failed", "results.csv not written; training goes on"));
    }
}

bool RunOutput::save(const StateImage& image, const Event& place) {
    if (saved_ == std::pair{image.counters.epoch, image.counters.step}) return true;
    try {
        checkpoints_.save(image);
    } catch (const Error& error) {
        report(failure(place, error, "checkpoint-failed", "training goes on; the checkpoint before stands"));
        return false;
    }
    note_saved(image.counters);
    return true;
}

}  // namespace yolotrain
