// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/model/weights.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <array>
#include <optional>
#include <unordered_map>

#include "metadata.hpp"
#include "yolodata/core/error.hpp"

namespace yolotrain {

namespace {

using yolodata::Error;
using yolodata::ErrorKind;
using ByName = std::unordered_map<std::string, at::Tensor>;

/// Keys as the model names them. A state_dict taken from Ultralytics' wrapper has "model." once
/// more.
ByName index_by_key(const TensorFile& file) {
    constexpr std::string_view wrapper = "model.model.";
    ByName by_name;
    for (const auto& [name, tensor] : file.tensors) {
        by_name[name.starts_with(wrapper) ? name.substr(wrapper.size() - 6) : name] = tensor;
    }
    return by_name;
}

bool is_optional(const std::string& key) {
    // Constant, or a counter that nothing depends on.
    return key.ends_with(".dfl.conv.weight") || key.ends_with(".num_batches_tracked");
}

/// The size from the channels of the first convolution, the number of classes from the last.
YoloV8 model_of_shapes(const ByName& tensors, const std::string& path) {
    const auto first = tensors.find("model.0.conv.weight");
    const auto last = tensors.find("model.22.cv3.0.2.weight");
    std::optional<Scale> scale;
    if (first != tensors.end() && first->second.dim() == 4) {
        for (const auto candidate : {Scale::n, Scale::s, Scale::m, Scale::l, Scale::x}) {
            static constexpr std::array<int, 5> stem_channels = {16, 32, 48, 64, 80};
            if (first->second.size(0) == stem_channels[static_cast<std::size_t>(candidate)]) {
                scale = candidate;
            }
        }
    }
    if (!scale || last == tensors.end() || last->second.dim() != 4 || last->second.size(0) < 1) {
        throw Error(ErrorKind::corrupt, path + ": holds no weights of a YOLOv8 detection model");
    }
    return YoloV8::uninitialised(*scale, last->second.size(0));
}

void check_distance_weights(const ByName& tensors, const std::string& path) {
    const auto dfl = tensors.find("model.22.dfl.conv.weight");
    if (dfl == tensors.end()) return;
    const auto expected = at::arange(distance_bins, at::kFloat);
    if (dfl->second.numel() != distance_bins ||
        !at::equal(dfl->second.to(at::kFloat).reshape(distance_bins), expected)) {
        throw Error(ErrorKind::unsupported, path + ": model.22.dfl.conv.weight is not 0 … 15");
    }
}

}  // namespace

void require_finite(const std::vector<NamedTensor>& tensors, const std::string& where) {
    for (const auto& [name, tensor] : tensors) {
        if (tensor.is_floating_point() && !tensor.isfinite().all().item<bool>()) {
            throw Error(ErrorKind::corrupt,
                        fmt::format("{}: tensor {} holds NaN or infinity", where, name));
        }
    }
}

LoadedWeights load_weights(const std::string& path) {
    const auto file = read_safetensors(path);
    require_finite(file.tensors, path);
    const auto tensors = index_by_key(file);
    LoadedWeights loaded{model_of_shapes(tensors, path), {}};
    check_distance_weights(tensors, path);

    at::NoGradGuard no_grad;
    std::size_t used = 0;
    for (const auto& [name, tensor] : loaded.model.state()) {
        const auto found = tensors.find(name);
        if (found == tensors.end()) {
            if (is_optional(name)) continue;
            throw Error(ErrorKind::corrupt, fmt::format("{}: tensor {} is missing", path, name));
        }
        if (found->second.sizes() != tensor.sizes()) {
            throw Error(
                ErrorKind::corrupt,
                fmt::format("{}: tensor {} has the shape [{}], a yolov8{} has [{}]", path, name,
                            fmt::join(found->second.sizes(), ", "), to_string(loaded.model.scale()),
                            fmt::join(tensor.sizes(), ", ")));
        }
        tensor.detach().copy_(found->second);
        ++used;
    }
    if (used != tensors.size()) {
        throw Error(ErrorKind::corrupt,
                    fmt::format("{}: {} of its tensors belong to no YOLOv8 detection model", path,
                                tensors.size() - used));
    }
    loaded.model.train(false);
    loaded.info = detail::parse_metadata(file.metadata, loaded.model.nc(), path);
    loaded.info.scale = loaded.model.scale();
    return loaded;
}

void save_weights(const std::string& path, const std::vector<NamedTensor>& state,
                  const WeightsInfo& info) {
    require_finite(state, path);
    write_safetensors(path, {state, detail::format_metadata(info)});
}

std::pair<int, int> transfer(const TensorFile& from, YoloV8& model) {
    at::NoGradGuard no_grad;
    const auto tensors = index_by_key(from);
    std::vector<std::pair<at::Tensor, at::Tensor>> copies;
    std::vector<NamedTensor> sources;
    for (const auto& [name, tensor] : model.state()) {
        const auto found = tensors.find(name);
        if (found == tensors.end() || found->second.sizes() != tensor.sizes()) continue;
        copies.emplace_back(tensor.detach(), found->second);
        sources.push_back({name, found->second});
    }
    require_finite(sources, "weights");
    for (auto& [to, source] : copies) to.copy_(source);
    return {static_cast<int>(copies.size()), static_cast<int>(model.state().size())};
}

}  // namespace yolotrain
