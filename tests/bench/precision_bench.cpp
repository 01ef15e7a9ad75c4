// SPDX-License-Identifier: Apache-2.0
// precision_bench SHARDS WEIGHTS IMGSZ OUT: how far the loss' gradients in bfloat16 are from those in float32, for the
// first 16 training samples. These go to OUT/images.u8 and OUT/targets.f32, for precision_ultralytics.py, which does the
// same with Ultralytics and the same WEIGHTS (safetensors).
#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "yolotrain/data/loader.hpp"
#include "yolotrain/data/quarantine.hpp"
#include "yolotrain/loss/detection_loss.hpp"
#include "yolotrain/model/weights.hpp"

using namespace yolotrain;

namespace {

void write(const std::string& path, const at::Tensor& tensor) {
    const auto dense = tensor.contiguous();
    std::ofstream(path, std::ios::binary).write(static_cast<const char*>(dense.data_ptr()), static_cast<std::streamsize>(dense.nbytes()));
}

std::vector<at::Tensor> gradients(const std::string& weights, const at::Tensor& x, const at::Tensor& targets, at::ScalarType type) {
    YoloV8 model = load_weights(weights).model;
    model.train(true);
    model.compute_in(type);
    std::vector<at::Tensor> parameters;
    for (const auto& [name, tensor] : model.parameters()) parameters.push_back(tensor.requires_grad_(true));
    const Loss loss = detection_loss(model.forward(x), targets, {});
    return torch::autograd::grad({loss.total}, parameters, {}, false, false, true);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) return std::puts("usage: precision_bench SHARDS WEIGHTS IMGSZ OUT"), 2;
    LoaderOptions options;
    options.imgsz = std::atoi(argv[3]);
    options.batch = 16;
    options.workers = 0;
    const auto shards = std::make_shared<const yolodata::shard::ShardSet>(argv[1], "train");
    const Batch batch = TrainLoader(shards, std::make_shared<Quarantine>(), options).batch(0, 0);
    write(std::string(argv[4]) + "/images.u8", batch.images);
    write(std::string(argv[4]) + "/targets.f32", batch.targets);
    const at::Tensor x = batch.images.to(at::kFloat).div_(255);
    const auto exact = gradients(argv[2], x, batch.targets, at::kFloat);
    const auto rounded = gradients(argv[2], x, batch.targets, at::kBFloat16);
    double ab = 0, aa = 0, bb = 0, off = 0;
    for (std::size_t i = 0; i < exact.size(); ++i) {
        if (!exact[i].defined()) continue;
        const auto a = exact[i].to(at::kDouble), b = rounded[i].to(at::kDouble);
        ab += (a * b).sum().item<double>();
        aa += a.square().sum().item<double>();
        bb += b.square().sum().item<double>();
        off += (a - b).square().sum().item<double>();
    }
    std::printf("bfloat16 against float32: %.4f off, cosine %.5f\n", std::sqrt(off / aa), ab / std::sqrt(aa * bb));
}
