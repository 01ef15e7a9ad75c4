// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/model/weights.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <set>

#include "formats/pt_file.hpp"
#include "metadata.hpp"
#include "pt_weights.hpp"
#include "state_keys.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/utf8.hpp"

namespace yolotrain {

namespace {

using yolodata::Error;
using yolodata::ErrorKind;
using ByName = detail::TensorsByName;

bool is_optional(const std::string& key) {
    // Constant, or a counter that nothing depends on.
    return key.ends_with(".dfl.conv.weight") || key.ends_with(".num_batches_tracked");
}

/// The size from the channels of the first convolution, the number of classes from the last.
YoloV8 model_of_shapes(const ByName& tensors, const std::string& told, const std::string& path) {
    const auto scale = detail::scale_of_stem(tensors);
    const auto last = tensors.find("model.22.cv3.0.2.weight");
    if (!scale || last == tensors.end() || last->second.dim() != 4 || last->second.size(0) < 1) {
        throw Error(ErrorKind::corrupt,
                    fmt::format("{}: holds no weights of a YOLOv8 detection model{}", path, told));
    }
    return YoloV8::uninitialised(*scale, last->second.size(0));
}

/// The first by name of the tensors that the model does not have.
std::string stranger(const ByName& tensors, const YoloV8& model) {
    std::set<std::string> names;
    for (const auto& entry : tensors) names.insert(entry.first);
    for (const auto& entry : model.state()) names.erase(entry.name);
    return names.empty() ? std::string() : yolodata::printable(*names.begin());
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

TensorFile read_weights(const std::string& path) {
    if (formats::looks_like_pt(formats::FileSource(path), path)) return detail::read_pt(path);
    return read_safetensors(path);
}

LoadedWeights load_weights(const std::string& path) {
    const auto file = read_weights(path);
    detail::require_detection(file, path);
    require_finite(file.tensors, path);
    const auto tensors = detail::index_by_key(file);
    LoadedWeights loaded{model_of_shapes(tensors, detail::told_architecture(file), path), {}};
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
        throw Error(
            ErrorKind::corrupt,
            fmt::format("{}: {} of its tensors belong to no YOLOv8 detection model{}, as {}", path,
                        tensors.size() - used, detail::told_architecture(file),
                        stranger(tensors, loaded.model)));
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

}  // namespace yolotrain
