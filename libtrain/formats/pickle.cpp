// SPDX-License-Identifier: Apache-2.0
#include "pickle.hpp"

#include <fmt/format.h>

#include <bit>

#include "pickle_machine.hpp"
#include "yolodata/core/error.hpp"

// The opcodes are those of Python's documentation (pickletools), protocols 2 to 5.

namespace yolotrain::formats {

using yolodata::Error;
using yolodata::ErrorKind;

Pickle parse_pickle(std::span<const std::byte> bytes, const std::string& path) {
    return PickleMachine(bytes, path).run();
}

PickleMachine::PickleMachine(std::span<const std::byte> bytes, const std::string& path)
    : bytes_(bytes), path_(path) {
    out_.nodes.emplace_back();  // None
}

Pickle PickleMachine::run() {
    for (;;) {
        opcode_at_ = at_;
        const std::uint8_t op = byte();
        if (op == '.') break;
        if (!scalar(op) && !counted_text(op) && !container(op) && !filling(op) && !memo(op) &&
            !object(op) && !other(op)) {
            unsupported(
                fmt::format("the pickle opcode 0x{:02x}; torch.save writes protocol 2", op));
        }
    }
    out_.root = pop();
    return std::move(out_);
}

void PickleMachine::damaged(const std::string& what) const {
    throw Error(ErrorKind::corrupt,
                fmt::format("{}: its pickle is damaged at byte {}: {}", path_, opcode_at_, what));
}

void PickleMachine::unsupported(const std::string& what) const {
    throw Error(ErrorKind::unsupported, fmt::format("{}: refuses {}", path_, what));
}

std::uint8_t PickleMachine::byte() {
    if (at_ >= bytes_.size()) damaged("it ends too early");
    return std::to_integer<std::uint8_t>(bytes_[at_++]);
}

std::uint64_t PickleMachine::number(int bytes) {
    std::uint64_t value = 0;
    for (int i = 0; i < bytes; ++i) value |= std::uint64_t{byte()} << (8 * i);
    return value;
}

std::string PickleMachine::text(std::uint64_t length) {
    if (length > bytes_.size() - at_) damaged("a text is longer than the file");
    const auto* begin = reinterpret_cast<const char*>(bytes_.data()) + at_;
    at_ += length;
    return {begin, static_cast<std::size_t>(length)};
}

std::string PickleMachine::line() {
    std::string out;
    for (char c = 0; (c = static_cast<char>(byte())) != '\n';) out += c;
    return out;
}

NodeId PickleMachine::pop() {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) damaged("its stack is empty");
    const NodeId id = stack_.back();
    stack_.pop_back();
    return id;
}

NodeId& PickleMachine::top() {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) damaged("its stack is empty");
    return stack_.back();
}

std::vector<NodeId> PickleMachine::pop_to_mark() {
    if (marks_.empty()) damaged("a mark is missing");
    const auto from = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<NodeId> items(from, stack_.end());
    stack_.erase(from, stack_.end());
    marks_.pop_back();
    return items;
}

void PickleMachine::too_many_values() const {
    unsupported(fmt::format("a pickle of more than {} values: no model has as many", most_nodes));
}

void PickleMachine::push(NodeId id) {
    if (stack_.size() >= most_nodes) too_many_values();
    stack_.push_back(id);
}

void PickleMachine::keep(std::uint64_t key) {
    if (memo_.size() >= most_nodes) too_many_values();
    memo_[key] = top();
}

void PickleMachine::spend(std::uint64_t bytes) {
    if (bytes > most_copied - copied_) {
        unsupported(
            fmt::format("a pickle that copies more than {} MiB of its own values: no model "
                        "has as many",
                        most_copied >> 20U));
    }
    copied_ += bytes;
}

Node& PickleMachine::make(Kind kind) {
    if (out_.nodes.size() >= most_nodes) too_many_values();
    push(static_cast<NodeId>(out_.nodes.size()));
    Node& made = out_.nodes.emplace_back();
    made.kind = kind;
    return made;
}

bool PickleMachine::scalar(std::uint8_t op) {
    switch (op) {
        case 'N':
            push(no_node);
            return true;
        case 0x88:
            make(Kind::boolean).integer = 1;
            return true;
        case 0x89:
            make(Kind::boolean);
            return true;
        case 'J': {
            const auto value = static_cast<std::int32_t>(number(4));
            make(Kind::integer).integer = value;
            return true;
        }
        case 'K': {
            const auto value = number(1);
            make(Kind::integer).integer = static_cast<std::int64_t>(value);
            return true;
        }
        case 'M': {
            const auto value = number(2);
            make(Kind::integer).integer = static_cast<std::int64_t>(value);
            return true;
        }
        case 0x8a:
            long_integer(number(1));
            return true;
        case 0x8b:
            long_integer(number(4));
            return true;
        case 'G': {
            std::uint64_t bits = 0;  // big-endian, unlike everything else
            for (int i = 0; i < 8; ++i) bits = bits << 8U | byte();
            make(Kind::number).number = std::bit_cast<double>(bits);
            return true;
        }
        default:
            return false;
    }
}

/// Two's complement, little-endian; a number that does not fit 64 bits becomes a float, as nothing
/// in a model's weights is one.
void PickleMachine::long_integer(std::uint64_t length) {
    const std::string digits = text(length);
    const bool negative = !digits.empty() && (static_cast<unsigned char>(digits.back()) & 0x80U);
    if (digits.size() > 8) {
        double value = 0;
        for (std::size_t i = digits.size(); i-- > 0;) {
            value = value * 256 + static_cast<unsigned char>(digits[i]);
        }
        make(Kind::number).number = negative ? -value : value;
        return;
    }
    std::uint64_t value = negative ? ~std::uint64_t{0} : 0;
    for (std::size_t i = digits.size(); i-- > 0;) {
        value = value << 8U | static_cast<unsigned char>(digits[i]);
    }
    make(Kind::integer).integer = static_cast<std::int64_t>(value);
}

bool PickleMachine::counted_text(std::uint8_t op) {
    int width = 0;
    Kind kind = Kind::bytes;
    switch (op) {
        case 'X':
            width = 4, kind = Kind::text;
            break;
        case 0x8c:
            width = 1, kind = Kind::text;
            break;
        case 0x8d:
            width = 8, kind = Kind::text;
            break;
        case 'T':
            width = 4, kind = Kind::text;
            break;
        case 'U':
            width = 1, kind = Kind::text;
            break;
        case 'B':
            width = 4;
            break;
        case 'C':
            width = 1;
            break;
        case 0x8e:
        case 0x96:
            width = 8;
            break;
        default:
            return false;
    }
    std::string content = text(number(width));
    make(kind).text = std::move(content);
    return true;
}

bool PickleMachine::memo(std::uint8_t op) {
    std::uint64_t key = 0;
    switch (op) {
        case 'q':
            keep(number(1));
            return true;
        case 'r':
            keep(number(4));
            return true;
        case 0x94:
            keep(memo_.size());
            return true;
        case 'h':
            key = number(1);
            break;
        case 'j':
            key = number(4);
            break;
        default:
            return false;
    }
    const auto found = memo_.find(key);
    if (found == memo_.end()) damaged(fmt::format("it takes value {}, which it never kept", key));
    push(found->second);
    return true;
}

bool PickleMachine::other(std::uint8_t op) {
    switch (op) {
        case 0x80:
            if (const auto protocol = byte(); protocol > 5) {
                unsupported(fmt::format("pickle protocol {}; torch.save writes 2", protocol));
            }
            return true;
        case 0x95:
            (void)number(8);
            return true;  // a frame: how much to read at once
        case '(':
            if (marks_.size() >= most_nodes) too_many_values();
            marks_.push_back(stack_.size());
            return true;
        case '0':
            (void)pop();
            return true;
        case '1':
            (void)pop_to_mark();
            return true;
        case '2':
            push(top());
            return true;
        default:
            return false;
    }
}

}  // namespace yolotrain::formats
