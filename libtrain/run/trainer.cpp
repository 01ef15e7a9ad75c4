// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/run/trainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "bad_data.hpp"
#include "device_feed.hpp"
#include "epoch_end.hpp"
#include "precision_choice.hpp"
#include "run_output.hpp"
#include "run_plan.hpp"
#include "train_step.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/random.hpp"
#include "yolotrain/data/class_names.hpp"
#include "yolotrain/memory/tensor_memory.hpp"

namespace yolotrain {

using yolodata::Error;
using yolodata::ErrorKind;

namespace {

/// After so many dropped steps in a row the weights themselves are beyond repair: no batch is that bad.
constexpr std::int64_t kDroppedStepsLimit = 100;

/// Leaves a validation in the middle; the epoch's end stays due.
struct Interrupted {};

}  // namespace

bool is_finished(const StateImage& image, int epochs, int patience) {
    if (image.counters.epoch >= epochs) return true;
    return image.counters.stopped_early && epochs <= image.epochs && patience > 0 && patience <= image.patience;
}

class Trainer::Impl {
   public:
    Impl(const TrainOptions& options, TrainData data, const RunFolder& folder, const StopFlag& stop,
         TrainObserver& observer, const StateImage* from, Clock clock)
        : options_(options),
          data_(std::move(data)),
          names_(class_names(*data_.train)),
          stop_(stop),
          observer_(observer),
          clock_(std::move(clock)),
          schedule_(plan_schedule(options_, *data_.train, from)),
          state_(fresh_state(start_model(from), schedule_.optimizer(), schedule_.weight_decay(), options_.device)),
          val_digest_(data_.val ? data_.val->digest() : ""),
          class_weights_(plan_class_weights(options_, *data_.train)),
          loader_(data_.train, state_.quarantine, plan_loader(options_)),
          feed_({[this](std::int64_t epoch, std::int64_t step) { return loader_.batch(epoch, step); }, loader_.steps(),
                 options_.schedule.epochs},
                at::Device(options_.device)),
          output_(folder, observer, {options_.scale, names_, options_.imgsz, data_.train->source_digest()},
                  options_.save_period, clock_) {
        if (from != nullptr) {
            restore(state_, *from);
            bad_.note_known(state_.quarantine->list());
            output_.note_saved(state_.counters);
            compare_val(from->val_digest);
        }
        const bool begun = from != nullptr && (from->counters.epoch > 0 || from->counters.step > 0);
        if (const auto event = precision_.settle(state_, begun)) report(*event);
        tick_ = clock_.seconds();
    }

    bool advance() {
        const Counters& counters = state_.counters;
        if (counters.epoch >= options_.schedule.epochs || (counters.stopped_early && !resumed_past_stop_)) return false;
        if (counters.step < loader_.steps()) {
            step();
        } else {
            end_epoch();
        }
        return true;
    }

    Outcome run() {
        // A run that patience had stopped and that is asked for again goes on for at least an epoch.
        resumed_past_stop_ = state_.counters.stopped_early;
        while (!stop_) {
            if (!advance()) return Outcome::finished;
        }
        const bool saved = save_checkpoint();
        report({.kind = "signal",
                .message = fmt::format("stopped by signal {}", stop_.signal()),
                .action = saved ? "checkpoint saved; --resume goes on from here"
                                : "no checkpoint could be saved; --resume goes on from the one before"});
        return Outcome::stopped;
    }

    const TrainOptions options_;
    const TrainData data_;
    const std::vector<std::string> names_;
    const StopFlag& stop_;
    TrainObserver& observer_;
    const Clock clock_;
    const Schedule schedule_;
    std::pair<int, int> transferred_{0, 0};
    TrainState state_;
    std::string val_digest_;  ///< as StateImage has it
    const at::Tensor class_weights_;
    TrainLoader loader_;
    DeviceFeed feed_;
    RunOutput output_;

   private:
    YoloV8 start_model(const StateImage* from) {
        if (from != nullptr) require_same(*from, options_, *data_.train);
        YoloV8 model = plan_model(options_, names_);
        if (from == nullptr && !options_.weights.empty()) {
            transferred_ = transfer_from(options_.weights, model);
        }
        return model;
    }

    /// One measure is not compared with another. Without pictures to measure on, the old one stands.
    void compare_val(const std::string& before) {
        if (val_digest_.empty()) val_digest_ = before;
        if (before.empty() || val_digest_ == before) return;
        forget_best(state_.counters);
        report({.kind = "val-data-changed",
                .message = "the pictures that are validated on are not those that the run was measured on so far",
                .action = "best fitness and patience begin anew"});
    }

    void step() {
        Counters& counters = state_.counters;
        const Batch batch = feed_.batch(counters.epoch, counters.step);
        for (const Event& event : bad_.records(*state_.quarantine)) report(event, true);
        if (const auto event = precision_.check(state_, batch.images)) report(*event, true);
        const std::int64_t iteration = counters.epoch * loader_.steps() + counters.step;
        apply(schedule_.at(iteration), *state_.optimizer);
        StepResult result =
            run_step(state_.model, batch,
                     {options_.gains, at::Device(options_.device), state_.loss_scale.factor, side_of_step(),
                      class_weights_});
        if (result.fault.empty()) {
            commit(state_, std::move(result));
            state_.loss_scale.succeeded(state_.precision);
        } else if (state_.loss_scale.overflowed()) {
            // How the factor finds its size: no fault of the data or the weights.
            ++state_.counters.skipped;
        } else {
            drop(result.fault);
        }
        if (counters.accumulated > 0 && schedule_.steps(iteration, counters.last_optimizer_step)) {
            counters.last_optimizer_step = iteration;
            if (!optimizer_step(state_)) drop("the sum of the gradients is not finite");
        }
        counters.lr.clear();
        for (const ParameterGroup& group : state_.optimizer->groups()) counters.lr.push_back(group.lr);
        ++counters.step;
        count_time();
        observer_.stepped(counters, loader_.steps());
        if (counters.skipped_in_a_row >= kDroppedStepsLimit) give_up("the loss is not finite any more");
    }

    /// With multi_scale each step has a size of its own: a function of seed, epoch and step.
    std::int64_t side_of_step() const {
        if (options_.multi_scale == 0) return 0;
        const auto& counters = state_.counters;
        yolodata::Random random(options_.seed, static_cast<std::uint32_t>(counters.epoch),
                                static_cast<std::uint64_t>(counters.step), yolodata::Purpose::size);
        // Each multiple of 32 as often as the others; 64 at least, below which one picture has no batch statistics.
        const auto low = static_cast<std::int64_t>(options_.imgsz * (1 - options_.multi_scale));
        const auto high = static_cast<std::int64_t>(options_.imgsz * (1 + options_.multi_scale)) + 32;
        const auto length = low + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(high - low)));
        return std::max<std::int64_t>(length / 32 * 32, 64);
    }

    void drop(const std::string& fault) {
        ++state_.counters.skipped;
        ++state_.counters.skipped_in_a_row;
        report({.kind = "non-finite", .message = fault, .action = "step dropped"}, true);
    }

    void end_epoch() {
        const bool last = state_.counters.epoch + 1 >= options_.schedule.epochs;
        std::optional<ValResult> validated;
        if (data_.val && (options_.val || last)) {
            try {
                validated = validate_average();
            } catch (const Interrupted&) {
                return;
            }
        }
        require_finite();
        count_time();
        const EpochVerdict verdict = judge_epoch(state_, validated, options_.patience);
        begin_next_epoch(state_, verdict);
        output_.publish(state_, verdict, place(false));
        save_checkpoint();
        resumed_past_stop_ = false;
        observer_.epoch_ended(verdict.row, state_.counters);
    }

    ValResult validate_average() {
        ValOptions val;
        val.imgsz = options_.imgsz;
        val.batch = 2 * loader_.batch_size();
        val.with_loss = true;
        val.workers = std::max(options_.workers, 1);
        const auto progress = [&](std::size_t done, std::size_t total) {
            if (stop_) throw Interrupted{};
            observer_.validating(done, total);
        };
        // Its tensors have other sizes than a step's: neither phase is to hold memory for the other.
        release_free_tensor_memory();
        ValResult result = validate(state_.average, *data_.val, names_, val, progress);
        release_free_tensor_memory();
        for (const Event& event : bad_.pictures(result.unreadable)) report(event);
        return result;
    }

    /// Nothing that follows may ever be built on NaN: neither weights nor a checkpoint.
    void require_finite() {
        for (const auto* tensors : {&state_.average.state(), &state_.model.state()}) {
            const std::string name = first_non_finite(*tensors);
            if (!name.empty()) give_up(fmt::format("the tensor {} holds NaN or infinity", name));
        }
    }

    [[noreturn]] void give_up(const std::string& why) {
        report({.kind = "non-finite", .message = why, .action = "training ended; the last checkpoint stands"}, true);
        throw Error(ErrorKind::corrupt,
                    fmt::format("the training has diverged: {}. Weights and checkpoint of the last good epoch stand; "
                                "a smaller --lr0 helps most often",
                                why));
    }

    bool save_checkpoint() {
        count_time();
        StateImage image = capture(state_);
        image.names = names_;
        image.data_digest = data_.train->digest();
        image.val_digest = val_digest_;
        image.epochs = options_.schedule.epochs;
        image.patience = options_.patience;
        image.args = options_.args;
        return output_.save(image, place(false));
    }

    /// Where the training stands: in a step, or at the boundary before it.
    Event place(bool in_step) const {
        const Counters& counters = state_.counters;
        return {.epoch = counters.epoch + 1, .step = in_step ? counters.step + 1 : counters.step};
    }

    void report(Event event, bool in_step = false) {
        const Event here = place(in_step);
        event.epoch = here.epoch;
        event.step = here.step;
        output_.report(event);
    }

    void count_time() {
        const double now = clock_.seconds();
        state_.counters.seconds += now - tick_;
        tick_ = now;
    }

    double tick_ = 0;
    bool resumed_past_stop_ = false;
    PrecisionChoice precision_{options_.amp, options_.device};
    BadData bad_;
};

Trainer::Trainer(const TrainOptions& options, TrainData data, const RunFolder& folder, const StopFlag& stop,
                 TrainObserver& observer, const StateImage* from, Clock clock)
    : impl_(std::make_unique<Impl>(options, std::move(data), folder, stop, observer, from, std::move(clock))) {}
Trainer::~Trainer() = default;

bool Trainer::advance() { return impl_->advance(); }
Outcome Trainer::run() { return impl_->run(); }
const TrainState& Trainer::state() const { return impl_->state_; }
const Schedule& Trainer::schedule() const { return impl_->schedule_; }
const TrainLoader& Trainer::loader() const { return impl_->loader_; }
std::pair<int, int> Trainer::transferred() const { return impl_->transferred_; }

}  // namespace yolotrain
