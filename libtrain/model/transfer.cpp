// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <array>

#include "state_keys.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/utf8.hpp"

namespace yolotrain {

namespace {

using yolodata::Error;
using yolodata::ErrorKind;

/// In the head the number of classes decides about shapes.
bool depends_on_classes(const std::string& key) {
    return key.starts_with("model.22.cv3.");
}

}  // namespace

namespace detail {

TensorsByName index_by_key(const TensorFile& file) {
    constexpr std::string_view wrapper = "model.model.";
    TensorsByName by_name;
    for (const auto& [name, tensor] : file.tensors) {
        by_name[name.starts_with(wrapper) ? name.substr(wrapper.size() - 6) : name] = tensor;
    }
    return by_name;
}

std::optional<Scale> scale_of_stem(const TensorsByName& tensors) {
    static constexpr std::array<int, 5> stem_channels = {16, 32, 48, 64, 80};
    const auto stem = tensors.find("model.0.conv.weight");
    if (stem == tensors.end() || stem->second.dim() != 4) return {};
    for (const auto scale : {Scale::n, Scale::s, Scale::m, Scale::l, Scale::x}) {
        if (stem->second.size(0) == stem_channels[static_cast<std::size_t>(scale)]) return scale;
    }
    return {};
}

std::string told_architecture(const TensorFile& file) {
    const auto found = file.metadata.find("architecture");
    if (found == file.metadata.end()) return {};
    return fmt::format(" (it says {})", yolodata::printable(found->second));
}

void require_detection(const TensorFile& file, const std::string& where) {
    const auto task = file.metadata.find("task");
    if (task == file.metadata.end() || task->second == "detect") return;
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: weights of the task {}{}; this program knows detection only",
                            where, yolodata::printable(task->second), told_architecture(file)));
}

}  // namespace detail

Scale scale_of(const TensorFile& weights, const std::string& where) {
    detail::require_detection(weights, where);
    const auto tensors = detail::index_by_key(weights);
    const auto scale = detail::scale_of_stem(tensors);
    if (!scale) {
        throw Error(ErrorKind::corrupt,
                    fmt::format("{}: holds no weights of a YOLOv8 detection model{}: "
                                "model.0.conv.weight is missing or of another shape",
                                where, detail::told_architecture(weights)));
    }
    const auto model = YoloV8::uninitialised(*scale, 80);
    std::unordered_map<std::string, at::Tensor> expected;
    for (const auto& [name, tensor] : model.state()) expected[name] = tensor;
    for (const auto& [name, tensor] : tensors) {
        const auto found = expected.find(name);
        if (found == expected.end()) {
            throw Error(ErrorKind::corrupt,
                        fmt::format("{}: weights of another architecture{}: a yolov8{} has no "
                                    "tensor {}",
                                    where, detail::told_architecture(weights), to_string(*scale),
                                    yolodata::printable(name)));
        }
        if (found->second.sizes() != tensor.sizes() && !depends_on_classes(name)) {
            throw Error(ErrorKind::corrupt,
                        fmt::format("{}: weights of another architecture{}: tensor {} has the "
                                    "shape [{}], a yolov8{} has [{}]",
                                    where, detail::told_architecture(weights), name,
                                    fmt::join(tensor.sizes(), ", "), to_string(*scale),
                                    fmt::join(found->second.sizes(), ", ")));
        }
    }
    return *scale;
}

std::pair<int, int> transfer(const TensorFile& from, YoloV8& model) {
    at::NoGradGuard no_grad;
    const auto tensors = detail::index_by_key(from);
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

std::pair<int, int> transfer_from(const std::string& path, YoloV8& model) {
    const TensorFile file = read_weights(path);
    const Scale scale = scale_of(file, path);
    require_finite(file.tensors, path);
    if (scale != model.scale()) {
        throw Error(ErrorKind::corrupt,
                    fmt::format("{}: these are weights of yolov8{}, the model is yolov8{}: leave "
                                "--model away, or give weights of its size",
                                path, to_string(scale), to_string(model.scale())));
    }
    return transfer(file, model);
}

}  // namespace yolotrain
