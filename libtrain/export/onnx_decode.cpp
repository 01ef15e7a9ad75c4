// SPDX-License-Identifier: Apache-2.0
#include "onnx_decode.hpp"

#include <ATen/ATen.h>

#include <algorithm>

namespace yolotrain::detail {

namespace {

using Value = Emitter::Value;

/// Anchor centres in stride units [1, 2, anchors] and strides [1, 1, anchors].
struct Anchors {
    Value centres, strides;
};

/// Known beforehand.
Anchors constant_anchors(OnnxGraph& graph, std::int64_t imgsz) {
    std::vector<at::Tensor> centres, strides;
    for (const int stride : level_strides) {
        const std::int64_t side = imgsz / stride;
        const auto line = at::arange(side, at::kFloat) + 0.5;
        const auto x = line.view({1, side}).expand({side, side}).reshape({1, -1});
        const auto y = line.view({side, 1}).expand({side, side}).reshape({1, -1});
        centres.push_back(at::cat({x, y}));
        strides.push_back(at::full({1, side * side}, stride, at::kFloat));
    }
    return {graph.tensor(at::cat(centres, 1).unsqueeze(0)),
            graph.tensor(at::cat(strides, 1).unsqueeze(0))};
}

/// Computed from the maps' heights and widths.
Anchors dynamic_anchors(OnnxGraph& graph, const std::array<Value, 3>& maps) {
    std::vector<Value> centres, strides;
    const auto line = [&](const Value& count) {
        const Value steps = graph.node("Range", {graph.scalar(0), count, graph.scalar(1)});
        return graph.add(graph.cast(steps, onnx::TensorProto::FLOAT), graph.number(0.5F));
    };
    for (std::size_t l = 0; l < maps.size(); ++l) {
        const Value shape = graph.unary("Shape", maps[l]);
        const Value area = graph.slice(shape, 2, 4, 0);
        const Value x = line(graph.gather(shape, graph.scalar(3), 0));
        const Value y = line(graph.gather(shape, graph.scalar(2), 0));
        const Value across = graph.node("Expand", {graph.reshape(x, {1, -1}), area});
        const Value down = graph.node("Expand", {graph.reshape(y, {-1, 1}), area});
        const Value flat = graph.reshape(across, {1, 1, -1});
        centres.push_back(graph.concat({flat, graph.reshape(down, {1, 1, -1})}, 1));
        const Value zero = graph.node("Mul", {flat, graph.number(0)});
        strides.push_back(graph.add(zero, graph.number(static_cast<float>(level_strides[l]))));
    }
    return {graph.concat(centres, 2), graph.concat(strides, 2)};
}

}  // namespace

Value emit_decode(OnnxGraph& graph, const std::array<Value, 3>& maps, std::int64_t nc,
                  const ExportOptions& options) {
    const Anchors anchors =
        options.dynamic ? dynamic_anchors(graph, maps) : constant_anchors(graph, options.imgsz);
    std::vector<Value> flat;
    for (const Value& map : maps) flat.push_back(graph.reshape(map, {0, box_channels + nc, -1}));
    const Value all = graph.cast(graph.concat(flat, 2), onnx::TensorProto::FLOAT);

    // Softmax along the last axis means the same in every opset, so the bins go there.
    const Value logits =
        graph.reshape(graph.slice(all, 0, box_channels, 1), {0, 4, distance_bins, -1});
    const Value bins = graph.tensor(at::arange(distance_bins, at::kFloat).view({distance_bins, 1}));
    const Value shares = graph.softmax_last(graph.transpose(logits, {0, 1, 3, 2}), 3);
    const Value distance = graph.reshape(graph.node("MatMul", {shares, bins}), {0, 4, -1});

    const Value low = graph.node("Sub", {anchors.centres, graph.slice(distance, 0, 2, 1)});
    const Value high = graph.add(anchors.centres, graph.slice(distance, 2, 4, 1));
    const Value centre = graph.node("Div", {graph.add(low, high), graph.number(2)});
    const Value size = graph.node("Sub", {high, low});
    const Value boxes = graph.node("Mul", {graph.concat({centre, size}, 1), anchors.strides});
    const Value classes =
        graph.unary("Sigmoid", graph.slice(all, box_channels, box_channels + nc, 1));
    return graph.concat({boxes, classes}, 1);
}

namespace {

/// Boxes of one picture, best first, behind them zeros: [1, max_det, 6].
Value emit_picture(OnnxGraph& graph, const Value& corners, const Value& moved, const Value& best,
                   const Value& cls, const ExportOptions& options) {
    const Value scores = graph.transpose(best, {0, 2, 1});  // [1, 1, anchors]
    const Value kept = graph.node("NonMaxSuppression",
                                  {moved, scores, graph.integers({options.max_det}),
                                   graph.tensor(at::tensor({static_cast<float>(options.iou)})),
                                   graph.tensor(at::tensor({static_cast<float>(options.conf)}))});
    const Value which = graph.reshape(graph.slice(kept, 2, 3, 1), {-1});
    const Value rows = graph.reshape(graph.concat({corners, best, cls}, 2), {-1, 6});
    const Value padding = graph.tensor(at::zeros({options.max_det, 6}, at::kFloat));
    const Value filled = graph.concat({graph.gather(rows, which, 0), padding}, 0);
    return graph.reshape(graph.slice(filled, 0, options.max_det, 0), {1, options.max_det, 6});
}

}  // namespace

Value emit_nms(OnnxGraph& graph, const Value& predictions, std::int64_t nc,
               const ExportOptions& options) {
    const Value rows = graph.transpose(predictions, {0, 2, 1});  // [batch, anchors, 4 + nc]
    const Value half = graph.node("Div", {graph.slice(rows, 2, 4, 2), graph.number(2)});
    const Value centre = graph.slice(rows, 0, 2, 2);
    const Value corners =
        graph.concat({graph.node("Sub", {centre, half}), graph.add(centre, half)}, 2);
    const Value classes = graph.slice(rows, 4, 4 + nc, 2);
    auto& top = graph.add_node("TopK", {classes, graph.integers({1})});
    const Value best = top.output(0), index = best + "_class";
    top.add_output(index);
    const Value cls = graph.cast(index, onnx::TensorProto::FLOAT);
    // Boxes of each class in a place of their own, so that classes do not suppress each other. A
    // box reaches beyond the picture on either side, but not by more than the bins of its
    // distances.
    constexpr std::int64_t farthest = distance_bins * level_strides.back();
    const auto apart =
        static_cast<float>(std::max<std::int64_t>(7680, options.imgsz + 2 * farthest));
    const Value moved = graph.add(corners, graph.node("Mul", {cls, graph.number(apart)}));
    std::vector<Value> pictures;
    for (int b = 0; b < options.batch; ++b) {
        const auto of = [&](const Value& x) { return graph.slice(x, b, b + 1, 0); };
        pictures.push_back(emit_picture(graph, of(corners), of(moved), of(best), of(cls), options));
    }
    return graph.concat(pictures, 0);
}

}  // namespace yolotrain::detail
