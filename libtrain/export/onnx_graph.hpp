// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>
#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <vector>

#include "folded_network.hpp"

namespace yolotrain::detail {

/// A graph that grows node by node. Only operators whose meaning is the same from opset 12 to 17.
class OnnxGraph : public Emitter {
 public:
    explicit OnnxGraph(onnx::GraphProto& graph) : graph_(graph) {}

    Value conv(const Value& x, const FoldedConv& conv) override;
    Value half_of(const Value& x, int which, std::int64_t channels) override;
    Value add(const Value& a, const Value& b) override { return node("Add", {a, b}); }
    Value concat(const std::vector<Value>& values) override { return concat(values, 1); }
    Value pool(const Value& x) override;
    Value enlarge(const Value& x) override;

    Value concat(const std::vector<Value>& values, std::int64_t axis);
    Value slice(const Value& x, std::int64_t begin, std::int64_t end, std::int64_t axis);
    Value reshape(const Value& x, const std::vector<std::int64_t>& shape);  ///< 0 keeps, −1 fills
    Value transpose(const Value& x, const std::vector<std::int64_t>& order);
    Value gather(const Value& x, const Value& indices, std::int64_t axis);
    Value softmax_last(const Value& x, std::int64_t axis);
    Value cast(const Value& x, onnx::TensorProto::DataType type);
    Value unary(const char* op, const Value& x) { return node(op, {x}); }
    Value node(const char* op, const std::vector<Value>& inputs) {
        return add_node(op, inputs).output(0);
    }

    /// Constants.
    Value tensor(const at::Tensor& values);  ///< float32, half or int64
    Value scalar(std::int64_t value);
    Value number(float value);  ///< a scalar
    Value integers(const std::vector<std::int64_t>& values);

    /// A node whose attributes the caller sets; `outputs` names are made.
    onnx::NodeProto& add_node(const char* op, const std::vector<Value>& inputs);
    void name_output(const Value& from, const std::string& name);  ///< an Identity

 private:
    onnx::GraphProto& graph_;
    int values_ = 0, constants_ = 0;
};

void set_attribute(onnx::NodeProto& node, const char* name, std::int64_t value);
void set_attribute(onnx::NodeProto& node, const char* name,
                   const std::vector<std::int64_t>& values);
void set_attribute(onnx::NodeProto& node, const char* name, const char* text);

}  // namespace yolotrain::detail
