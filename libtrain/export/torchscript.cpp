// SPDX-License-Identifier: Apache-2.0
// The network as TorchScript source over its folded weights. The source is compiled by LibTorch, so
// a mistake in it cannot reach a file.
#include <ATen/ATen.h>
#include <ATen/core/ivalue.h>
#include <fmt/format.h>
#include <torch/csrc/jit/api/module.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "folded_network.hpp"
#include "yolodata/core/atomic_file.hpp"
#include "yolotrain/export/export.hpp"

namespace yolotrain {

namespace {

using detail::FoldedConv;

class ScriptEmitter : public detail::Emitter {
 public:
    explicit ScriptEmitter(torch::jit::Module& module) : module_(module) {}

    Value conv(const Value& x, const FoldedConv& c) override {
        const std::string name = fmt::format("c{}", convs_++);
        module_.register_buffer(name + "_weight", c.weight);
        module_.register_buffer(name + "_bias", c.bias);
        const Value y =
            line(fmt::format("torch.conv2d({0}, self.{1}_weight, self.{1}_bias, [{2}, {2}], "
                             "[{3}, {3}], [1, 1], 1)",
                             x, name, c.stride, c.padding));
        return c.silu ? line(fmt::format("torch.silu({})", y)) : y;
    }
    Value half_of(const Value& x, int which, std::int64_t channels) override {
        return line(fmt::format("torch.narrow({}, 1, {}, {})", x, which * channels, channels));
    }
    Value add(const Value& a, const Value& b) override { return line(a + " + " + b); }
    Value concat(const std::vector<Value>& values) override {
        return line(fmt::format("torch.cat([{}], 1)", fmt::join(values, ", ")));
    }
    Value pool(const Value& x) override {
        return line(fmt::format("torch.max_pool2d({}, [5, 5], [1, 1], [2, 2], [1, 1], False)", x));
    }
    Value enlarge(const Value& x) override {
        return line(
            fmt::format("torch.upsample_nearest2d({0}, [{0}.size(2) * 2, {0}.size(3) * 2])", x));
    }

    std::string source;

 private:
    Value line(const std::string& expression) {
        const Value name = fmt::format("v{}", values_++);
        source += fmt::format("    {} = {}\n", name, expression);
        return name;
    }

    torch::jit::Module& module_;
    int convs_ = 0, values_ = 0;
};

/// As decode() of yolov8.hpp, in float32, whose number is 6.
constexpr const char* decode_source = R"(
def decode_level(self, raw: Tensor, stride: float) -> Tensor:
    map = raw.to(6)
    batch = map.size(0)
    height = map.size(2)
    width = map.size(3)
    flat = map.reshape([batch, map.size(1), height * width])
    logits = torch.narrow(flat, 1, 0, 64).reshape([batch, 4, 16, height * width])
    bins = torch.arange(16, dtype=6, device=map.device).reshape([1, 1, 16, 1])
    distance = (torch.softmax(logits, 2) * bins).sum(2)
    y = (torch.arange(height, dtype=6, device=map.device) + 0.5).reshape([height, 1]).expand([height, width])
    x = (torch.arange(width, dtype=6, device=map.device) + 0.5).reshape([1, width]).expand([height, width])
    centre = torch.stack([x.reshape([height * width]), y.reshape([height * width])])
    low = centre - torch.narrow(distance, 1, 0, 2)
    high = centre + torch.narrow(distance, 1, 2, 2)
    classes = torch.sigmoid(torch.narrow(flat, 1, 64, map.size(1) - 64))
    return torch.cat([(low + high) / 2 * stride, (high - low) * stride, classes], 1)
)";

}  // namespace

void export_torchscript(const std::string& path, const YoloV8& model, const ExportOptions& options,
                        const std::map<std::string, std::string>& metadata) {
    torch::jit::Module module("yolotrain.Network");
    ScriptEmitter emitter(module);
    const auto maps =
        detail::emit_network(model, "x", {options.half ? at::kHalf : at::kFloat, path}, emitter);
    module.define(decode_source);
    module.define(
        fmt::format("def forward(self, images: Tensor) -> Tensor:\n"
                    "    x = images.to(self.c0_weight.dtype)\n{}"
                    "    return torch.cat([self.decode_level({}, 8.0), self.decode_level({}, "
                    "16.0), self.decode_level({}, 32.0)], 2)\n",
                    emitter.source, maps[0], maps[1], maps[2]));
    module.eval();
    constexpr auto bytes_kept = nlohmann::json::error_handler_t::replace;
    std::ostringstream out;
    module.save(out, {{"config.txt", nlohmann::json(metadata).dump(-1, ' ', false, bytes_kept)}});
    yolodata::write_file_atomically(path, std::move(out).str());
}

}  // namespace yolotrain
