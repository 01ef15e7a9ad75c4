// SPDX-License-Identifier: Apache-2.0
#include "onnx_graph.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

namespace yolotrain::detail {

namespace {

onnx::AttributeProto& attribute(onnx::NodeProto& node, const char* name,
                                onnx::AttributeProto::AttributeType type) {
    auto* made = node.add_attribute();
    made->set_name(name);
    made->set_type(type);
    return *made;
}

onnx::TensorProto::DataType type_of(const at::Tensor& tensor) {
    if (tensor.scalar_type() == at::kLong) return onnx::TensorProto::INT64;
    return tensor.scalar_type() == at::kHalf ? onnx::TensorProto::FLOAT16
                                             : onnx::TensorProto::FLOAT;
}

}  // namespace

void set_attribute(onnx::NodeProto& node, const char* name, std::int64_t value) {
    attribute(node, name, onnx::AttributeProto::INT).set_i(value);
}
void set_attribute(onnx::NodeProto& node, const char* name,
                   const std::vector<std::int64_t>& values) {
    auto& made = attribute(node, name, onnx::AttributeProto::INTS);
    for (const auto value : values) made.add_ints(value);
}
void set_attribute(onnx::NodeProto& node, const char* name, const char* text) {
    attribute(node, name, onnx::AttributeProto::STRING).set_s(text);
}

onnx::NodeProto& OnnxGraph::add_node(const char* op, const std::vector<Value>& inputs) {
    auto* made = graph_.add_node();
    const std::string name = fmt::format("{}_{}", op, values_++);
    made->set_op_type(op);
    made->set_name(name);
    for (const auto& input : inputs) made->add_input(input);
    made->add_output(name + "_out");
    return *made;
}

void OnnxGraph::name_output(const Value& from, const std::string& name) {
    auto& made = add_node("Identity", {from});
    made.set_output(0, name);
}

Emitter::Value OnnxGraph::tensor(const at::Tensor& values) {
    const at::Tensor flat = values.contiguous();
    auto* made = graph_.add_initializer();
    made->set_name(fmt::format("constant_{}", constants_++));
    for (const auto side : flat.sizes()) made->add_dims(side);
    made->set_data_type(type_of(flat));
    made->set_raw_data(flat.data_ptr(), flat.nbytes());
    return made->name();
}

Emitter::Value OnnxGraph::integers(const std::vector<std::int64_t>& values) {
    return tensor(at::tensor(values, at::kLong));
}
Emitter::Value OnnxGraph::scalar(std::int64_t value) {
    return tensor(at::scalar_tensor(value, at::kLong));
}
Emitter::Value OnnxGraph::number(float value) {
    return tensor(at::scalar_tensor(value, at::kFloat));
}

Emitter::Value OnnxGraph::conv(const Value& x, const FoldedConv& c) {
    auto& made = add_node("Conv", {x, tensor(c.weight), tensor(c.bias)});
    const auto side = c.weight.size(2);
    set_attribute(made, "kernel_shape", {side, side});
    set_attribute(made, "strides", {c.stride, c.stride});
    set_attribute(made, "pads", std::vector<std::int64_t>(4, c.padding));
    const Value y = made.output(0);
    return c.silu ? node("Mul", {y, unary("Sigmoid", y)}) : y;
}

Emitter::Value OnnxGraph::half_of(const Value& x, int which, std::int64_t channels) {
    return slice(x, which * channels, (which + 1) * channels, 1);
}

Emitter::Value OnnxGraph::pool(const Value& x) {
    auto& made = add_node("MaxPool", {x});
    set_attribute(made, "kernel_shape", {5, 5});
    set_attribute(made, "strides", {1, 1});
    set_attribute(made, "pads", {2, 2, 2, 2});
    return made.output(0);
}

Emitter::Value OnnxGraph::enlarge(const Value& x) {
    const Value scales = tensor(at::tensor({1.0F, 1.0F, 2.0F, 2.0F}));
    // The second input, a region of interest, is for another mode; empty as opset 12 wants it.
    const Value none = tensor(at::empty({0}, at::kFloat));
    auto& made = add_node("Resize", {x, none, scales});
    set_attribute(made, "mode", "nearest");
    set_attribute(made, "coordinate_transformation_mode", "asymmetric");
    set_attribute(made, "nearest_mode", "floor");
    return made.output(0);
}

Emitter::Value OnnxGraph::concat(const std::vector<Value>& values, std::int64_t axis) {
    auto& made = add_node("Concat", values);
    set_attribute(made, "axis", axis);
    return made.output(0);
}

Emitter::Value OnnxGraph::slice(const Value& x, std::int64_t begin, std::int64_t end,
                                std::int64_t axis) {
    return node("Slice", {x, integers({begin}), integers({end}), integers({axis})});
}

Emitter::Value OnnxGraph::reshape(const Value& x, const std::vector<std::int64_t>& shape) {
    return node("Reshape", {x, integers(shape)});
}

Emitter::Value OnnxGraph::transpose(const Value& x, const std::vector<std::int64_t>& order) {
    auto& made = add_node("Transpose", {x});
    set_attribute(made, "perm", order);
    return made.output(0);
}

Emitter::Value OnnxGraph::gather(const Value& x, const Value& indices, std::int64_t axis) {
    auto& made = add_node("Gather", {x, indices});
    set_attribute(made, "axis", axis);
    return made.output(0);
}

Emitter::Value OnnxGraph::softmax_last(const Value& x, std::int64_t axis) {
    auto& made = add_node("Softmax", {x});
    set_attribute(made, "axis", axis);
    return made.output(0);
}

Emitter::Value OnnxGraph::cast(const Value& x, onnx::TensorProto::DataType type) {
    auto& made = add_node("Cast", {x});
    set_attribute(made, "to", static_cast<std::int64_t>(type));
    return made.output(0);
}

}  // namespace yolotrain::detail
