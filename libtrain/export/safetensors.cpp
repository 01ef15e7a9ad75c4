// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include "yolotrain/export/export.hpp"

namespace yolotrain {

void export_safetensors(const std::string& path, const YoloV8& model, const ExportOptions& options,
                        const std::map<std::string, std::string>& metadata) {
    TensorFile file{{}, metadata};
    for (const auto& [name, tensor] : model.state()) {
        const bool halve = options.half && tensor.is_floating_point();
        file.tensors.push_back({name, halve ? tensor.detach().to(at::kHalf) : tensor.detach()});
    }
    require_finite(file.tensors, path);  // 16 bits end at 65504
    write_safetensors(path, file);
}

}  // namespace yolotrain
