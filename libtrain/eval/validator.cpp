// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/eval/validator.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>
#include <utility>

#include "eval_picture.hpp"
#include "yolodata/core/error.hpp"
#include "yolotrain/eval/batch_plan.hpp"
#include "yolotrain/eval/nms.hpp"
#include "yolotrain/eval/ordered_loader.hpp"
#include "yolotrain/loss/detection_loss.hpp"

namespace yolotrain {

namespace {

/// Milliseconds since it was last asked.
class Stopwatch {
 public:
    double lap() {
        const auto now = std::chrono::steady_clock::now();
        const double ms = std::chrono::duration<double, std::milli>(now - last_).count();
        last_ = now;
        return ms;
    }

 private:
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

/// A batch ready for the network: the pictures that could be read.
struct ReadyBatch {
    std::vector<detail::EvalPicture> pictures;
    at::Tensor images;   ///< u8 [B, 3, H, W], channels last
    at::Tensor targets;  ///< as Batch::targets
};

at::Tensor stack_images(const std::vector<detail::EvalPicture>& pictures, int width, int height) {
    const auto count = static_cast<std::int64_t>(pictures.size());
    const at::Tensor images = at::empty({count, height, width, 3}, at::kByte);
    auto* out = images.data_ptr<std::uint8_t>();
    for (const detail::EvalPicture& p : pictures) out = std::copy(p.rgb.begin(), p.rgb.end(), out);
    return images.permute({0, 3, 1, 2});
}

at::Tensor stack_targets(const std::vector<detail::EvalPicture>& pictures, int width, int height) {
    std::vector<float> rows;
    const auto w = static_cast<float>(width), h = static_cast<float>(height);
    for (std::size_t i = 0; i < pictures.size(); ++i) {
        for (const yolodata::PixelBox& b : pictures[i].boxes) {
            rows.insert(rows.end(),
                        {static_cast<float>(i), static_cast<float>(b.cls), (b.x1 + b.x2) / 2 / w,
                         (b.y1 + b.y2) / 2 / h, (b.x2 - b.x1) / w, (b.y2 - b.y1) / h});
        }
    }
    const auto count = static_cast<std::int64_t>(rows.size() / 6);
    at::Tensor targets = at::empty({count, 6}, at::kFloat);
    std::copy(rows.begin(), rows.end(), targets.data_ptr<float>());
    return targets;
}

/// One run over a source.
class Validation {
 public:
    Validation(const YoloV8& model, const EvalSource& source, const ValOptions& options)
        : model_(model), source_(source), options_(options), metrics_(model.nc()), confusion_(model.nc(), std::max(options.conf, 0.25)) {
        if (options.coco) coco_.emplace(model.nc());
        std::vector<std::pair<int, int>> shapes;
        for (std::size_t i = 0; i < source.size(); ++i) shapes.push_back(source.source_shape(i));
        plan_ = plan_batches(shapes, options.batch, options.imgsz, options.rect);
        for (std::size_t b = 0; b < plan_.size(); ++b) {
            for (std::size_t i = 0; i < plan_[b].pictures.size(); ++i) places_.emplace_back(b, i);
        }
    }

    ValResult run(const std::vector<std::string>& names,
                  const std::function<void(std::size_t, std::size_t)>& progress);

 private:
    detail::EvalPicture load(std::size_t position) const {
        const auto [b, i] = places_[position];
        return detail::load_picture(source_, plan_[b].pictures[i], options_.imgsz, plan_[b].width,
                                    plan_[b].height);
    }
    void evaluate(const EvalBatch& shape, ReadyBatch batch);
    void add_losses(const RawMaps& maps, const at::Tensor& targets);
    void add_to_coco(const detail::EvalPicture& picture, const std::vector<Detection>& found);
    void add_detections(const at::Tensor& predictions,
                        const std::vector<detail::EvalPicture>& pictures);
    void summarise(const std::vector<std::string>& names);

    const YoloV8& model_;
    const EvalSource& source_;
    ValOptions options_;
    MetricsAccumulator metrics_;
    ConfusionMatrix confusion_;
    std::optional<CocoAccumulator> coco_;
    std::vector<EvalBatch> plan_;
    std::vector<std::pair<std::size_t, std::size_t>>
        places_;  ///< batch and place of the n-th picture
    std::int64_t loss_batches_ = 0;
    ValResult result_;
};

ValResult Validation::run(const std::vector<std::string>& names,
                          const std::function<void(std::size_t, std::size_t)>& progress) {
    at::NoGradGuard no_grad;
    const std::size_t ahead = static_cast<std::size_t>(options_.batch) * 2;
    OrderedLoader<detail::EvalPicture> loader(places_.size(), options_.workers, ahead,
                                              [this](std::size_t i) { return load(i); });
    Stopwatch watch;
    std::size_t done = 0;
    for (const EvalBatch& shape : plan_) {
        watch.lap();
        ReadyBatch batch;
        for (std::size_t i = 0; i < shape.pictures.size(); ++i) {
            detail::EvalPicture picture = loader.next();
            if (picture.readable) {
                batch.pictures.push_back(std::move(picture));
            } else {
                result_.unreadable.push_back(source_.name(picture.number));
            }
        }
        batch.images = stack_images(batch.pictures, shape.width, shape.height);
        result_.speed.load += watch.lap();
        if (!batch.pictures.empty()) evaluate(shape, std::move(batch));
        done += shape.pictures.size();
        if (progress) progress(done, places_.size());
    }
    summarise(names);
    return std::move(result_);
}

void Validation::evaluate(const EvalBatch& shape, ReadyBatch batch) {
    Stopwatch watch;
    const at::Device device = model_.state().front().tensor.device();
    const at::Tensor x = batch.images.to(device).to(at::kFloat).div_(255);
    result_.speed.preprocess += watch.lap();
    const RawMaps maps = model_.infer(x);
    const at::Tensor predictions = decode(maps).to(at::kCPU).contiguous();
    result_.speed.inference += watch.lap();
    if (options_.with_loss) {
        add_losses(maps, stack_targets(batch.pictures, shape.width, shape.height).to(device));
        watch.lap();  // not a part of what a user of the weights waits for
    }
    add_detections(predictions, batch.pictures);
    result_.speed.postprocess += watch.lap();
}

void Validation::add_losses(const RawMaps& maps, const at::Tensor& targets) {
    const at::Tensor items =
        detection_loss(maps, targets, options_.gains).items.to(at::kCPU).to(at::kDouble);
    const auto* values = items.data_ptr<double>();
    result_.box_loss += values[0];
    result_.cls_loss += values[1];
    result_.dfl_loss += values[2];
    ++loss_batches_;
}

void Validation::add_detections(const at::Tensor& predictions,
                                const std::vector<detail::EvalPicture>& pictures) {
    NmsOptions options;
    options.conf = static_cast<float>(options_.conf);
    options.iou = static_cast<float>(options_.iou);
    options.max_det = options_.max_det;
    const std::int64_t anchors = predictions.size(2);
    const float* data = predictions.data_ptr<float>();
    std::vector<std::vector<Detection>> found(pictures.size());
    at::parallel_for(0, static_cast<std::int64_t>(pictures.size()), 1,
                     [&](std::int64_t begin, std::int64_t end) {
                         for (std::int64_t i = begin; i < end; ++i) {
                             found[i] = nms(data + i * (4 + model_.nc()) * anchors, model_.nc(),
                                            anchors, options);
                         }
                     });
    for (std::size_t i = 0; i < pictures.size(); ++i) {
        metrics_.add(pictures[i].number, found[i], pictures[i].boxes);
        confusion_.add(found[i], pictures[i].boxes);
        if (coco_) add_to_coco(pictures[i], found[i]);
    }
}

void Validation::add_to_coco(const detail::EvalPicture& picture, const std::vector<Detection>& found) {
    std::vector<Detection> detections;
    for (const Detection& d : found) detections.push_back(picture.in_source(d));
    std::vector<yolodata::PixelBox> targets;
    for (const yolodata::PixelBox& b : picture.boxes) targets.push_back(picture.in_source(b));
    coco_->add(detections, targets);
}

void Validation::summarise(const std::vector<std::string>& names) {
    ValResult& r = result_;
    r.images = metrics_.images();
    r.instances = metrics_.instances();
    r.has_metrics = r.instances > 0;
    r.metrics = metrics_.compute();
    r.confusion = confusion_;
    if (coco_) r.coco = coco_->compute();
    r.precision = r.metrics.precision;
    r.recall = r.metrics.recall;
    r.map50 = r.metrics.map50;
    r.map = r.metrics.map;
    for (const ClassCurves& c : r.metrics.classes) {
        const auto k = static_cast<std::size_t>(c.cls);
        r.classes.push_back({c.cls, k < names.size() ? names[k] : std::to_string(c.cls),
                             metrics_.class_images()[k], metrics_.class_instances()[k], c.precision,
                             c.recall, c.ap50(), c.mean_ap()});
    }
    for (double* loss : {&r.box_loss, &r.cls_loss, &r.dfl_loss})
        *loss /= std::max<double>(1, static_cast<double>(loss_batches_));
    for (double* ms :
         {&r.speed.load, &r.speed.preprocess, &r.speed.inference, &r.speed.postprocess}) {
        *ms /= std::max<double>(1, static_cast<double>(r.images));
    }
    std::sort(r.unreadable.begin(), r.unreadable.end());
}

}  // namespace

ValResult validate(const YoloV8& model, const EvalSource& source,
                   const std::vector<std::string>& names, const ValOptions& options,
                   const std::function<void(std::size_t, std::size_t)>& progress) {
    return Validation(model, source, options).run(names, progress);
}

}  // namespace yolotrain
