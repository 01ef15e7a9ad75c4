// SPDX-License-Identifier: Apache-2.0
#include "precision_choice.hpp"

#include <fmt/format.h>

#include <new>
#include <utility>

#include "precision_check.hpp"

namespace yolotrain {

namespace {

std::string problem_of(YoloV8& model, Precision wanted, const at::Tensor& images, const std::string& device) {
    try {
        return check_precision(model, wanted, images, at::Device(device));
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception& failure) {  // an operator that this LibTorch lacks
        const std::string text = failure.what();
        return text.substr(0, text.find('\n'));
    }
}

Event precision_event(std::string message) {
    return {.kind = "precision", .message = std::move(message), .action = "training in float32"};
}

}  // namespace

std::optional<Event> PrecisionChoice::settle(TrainState& state, bool begun) {
    const Precision wanted = precision_of(amp_, device_);
    if (amp_ == Amp::automatic && begun) {
        if (state.precision != Precision::float16 || device_ != "cpu") return std::nullopt;
        compute_in(state, Precision::float32);
        return precision_event("the run was begun in float16, which a CPU does not train in");
    }
    if (amp_ == Amp::automatic && wanted != Precision::float32) {
        to_check_ = wanted;
    } else if (wanted != state.precision) {
        compute_in(state, wanted);
    }
    return std::nullopt;
}

std::optional<Event> PrecisionChoice::check(TrainState& state, const at::Tensor& images) {
    if (!to_check_) return std::nullopt;
    const Precision wanted = *std::exchange(to_check_, std::nullopt);
    const std::string problem = problem_of(state.model, wanted, images, device_);
    compute_in(state, problem.empty() ? wanted : Precision::float32);
    if (problem.empty()) return std::nullopt;
    return precision_event(fmt::format("{} fails its self-check: {}", to_string(wanted), problem));
}

}  // namespace yolotrain
