// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "pickle.hpp"

namespace yolotrain::formats {

/// The stack machine that a pickle is a program for. One object, one pickle.
class PickleMachine {
 public:
    PickleMachine(std::span<const std::byte> bytes, const std::string& path);
    Pickle run();

 private:
    // Reading the program.
    std::uint8_t byte();
    std::uint64_t number(int bytes);
    std::string text(std::uint64_t length);
    std::string line();
    [[noreturn]] void damaged(const std::string& what) const;
    [[noreturn]] void unsupported(const std::string& what) const;
    [[noreturn]] void too_many_values() const;

    // The stack. Nothing below the topmost mark can be taken.
    NodeId pop();
    NodeId& top();
    std::vector<NodeId> pop_to_mark();
    void push(NodeId id);
    Node& make(Kind kind);  ///< a new node on the stack
    void keep(std::uint64_t key);
    /// Before something is copied into a node: refuses what exceeds most_copied in all.
    void spend(std::uint64_t bytes);
    void spend_items(std::size_t count) { spend(count * sizeof(NodeId)); }
    const Node& node(NodeId id) const { return out_.nodes[id]; }

    // Opcodes by kind; false: not one of these.
    bool scalar(std::uint8_t op);
    bool counted_text(std::uint8_t op);
    bool container(std::uint8_t op);
    bool filling(std::uint8_t op);
    bool memo(std::uint8_t op);
    bool object(std::uint8_t op);
    bool other(std::uint8_t op);

    void long_integer(std::uint64_t length);
    void tuple(std::size_t count);
    void append(NodeId target, const std::vector<NodeId>& items, bool pairs);
    void global(const std::string& module, const std::string& name);
    void call();
    void construct(NodeId callable, NodeId arguments);
    bool construct_container(const std::string& name, const Node& arguments);
    void build();
    void persistent();
    void tensor(const Node& arguments);
    std::uint64_t size_of(const Node& value, const char* what);

    std::span<const std::byte> bytes_;
    const std::string& path_;
    std::size_t at_ = 0, opcode_at_ = 0;
    std::vector<NodeId> stack_;
    std::vector<std::size_t> marks_;
    std::unordered_map<std::uint64_t, NodeId> memo_;
    std::uint64_t copied_ = 0;
    Pickle out_;
};

}  // namespace yolotrain::formats
