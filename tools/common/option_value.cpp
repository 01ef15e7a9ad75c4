// SPDX-License-Identifier: Apache-2.0
#include "common/option_value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "yolodata/core/error.hpp"

namespace tools {

namespace {

[[noreturn]] void refuse(const Option& option, const std::string& text, const std::string& expected) {
    throw UsageError{fmt::format("--{}: '{}' is not allowed; expected {}", option.name, text, expected)};
}

std::string range_text(const Option& option, const char* noun) {
    const bool low = option.min > -1e299, high = option.max < 1e299;
    if (low && high) return fmt::format("{} from {} to {}", noun, option.min, option.max);
    if (low) return fmt::format("{} of at least {}", noun, option.min);
    if (high) return fmt::format("{} of at most {}", noun, option.max);
    return noun;
}

template <class Number>
Number parse_number(const Option& option, const std::string& text, const char* noun) {
    Number number{};
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    const auto as_double = static_cast<double>(number);
    // NaN fails both comparisons, and no range holds infinity.
    const bool inside = as_double >= option.min && as_double <= option.max && std::isfinite(as_double);
    if (error != std::errc{} || rest != end || text.empty() || !inside) {
        refuse(option, text, range_text(option, noun));
    }
    return number;
}

/// What another spelling means.
std::string meant_by(const Option& option, const std::string& text) {
    for (const auto& [from, to] : option.aliases) {
        if (text == from) return to;
    }
    return text;
}

std::string resolve(const Option& option, const std::string& given) {
    const std::string text = meant_by(option, given);
    if (!option.choices.empty() &&
        std::find(option.choices.begin(), option.choices.end(), text) == option.choices.end()) {
        std::string message = fmt::format("one of {}", fmt::join(option.choices, ", "));
        const std::string meant = nearest(text, option.choices);
        if (!meant.empty()) message += fmt::format(" (did you mean '{}'?)", meant);
        refuse(option, text, message);
    }
    return text;
}

struct Assign {
    const Option& option;
    const std::string& text;

    void operator()(bool* target) const {
        if (!parse_boolean(text, *target)) refuse(option, text, "True or False");
    }
    void operator()(int* target) const {
        *target = parse_number<int>(option, meant_by(option, text), "a whole number");
    }
    void operator()(std::int64_t* target) const {
        *target = parse_number<std::int64_t>(option, text, "a whole number");
    }
    void operator()(std::uint64_t* target) const {
        *target = parse_number<std::uint64_t>(option, text, "a whole number from 0");
    }
    void operator()(double* target) const {
        *target = parse_number<double>(option, meant_by(option, text), "a number");
    }
    void operator()(std::string* target) const { *target = resolve(option, text); }
    void operator()(std::vector<std::string>* target) const {
        for (const auto& part : split_commas(text)) target->push_back(resolve(option, part));
    }
    void operator()(ByteSize* target) const {
        try {
            *target = parse_byte_size(text);
        } catch (const yolodata::Error& e) {
            throw UsageError{fmt::format("--{}: {}", option.name, e.what())};
        }
    }
};

struct ValueText {
    std::string operator()(const bool* v) const { return *v ? "on" : "off"; }
    std::string operator()(const int* v) const { return std::to_string(*v); }
    std::string operator()(const std::int64_t* v) const { return std::to_string(*v); }
    std::string operator()(const std::uint64_t* v) const { return std::to_string(*v); }
    std::string operator()(const double* v) const { return fmt::format("{}", *v); }
    std::string operator()(const std::string* v) const { return *v; }
    std::string operator()(const std::vector<std::string>* v) const {
        return fmt::format("{}", fmt::join(*v, ","));
    }
    std::string operator()(const ByteSize* v) const {
        if (v->bytes == 0) return "";
        for (const auto& [unit, name] : {std::pair{1ull << 30, "GiB"}, std::pair{1ull << 20, "MiB"}}) {
            if (v->bytes % unit == 0) return fmt::format("{}{}", v->bytes / unit, name);
        }
        return std::to_string(v->bytes);
    }
};

std::size_t edit_distance(const std::string& a, const std::string& b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
            diagonal = above;
        }
    }
    return row.back();
}

}  // namespace

void assign(const Option& option, const std::string& text) { std::visit(Assign{option, text}, option.target); }

std::string value_text(const Target& target) { return std::visit(ValueText{}, target); }

bool is_boolean(const Option& option) { return std::holds_alternative<bool*>(option.target); }

bool parse_boolean(const std::string& text, bool& value) {
    for (const char* yes : {"True", "true", "1", "yes", "on"}) {
        if (text == yes) return value = true, true;
    }
    for (const char* no : {"False", "false", "0", "no", "off"}) {
        if (text == no) return value = false, true;
    }
    return false;
}

std::vector<std::string> split_commas(const std::string& text) {
    std::vector<std::string> parts;
    std::size_t begin = 0;
    while (begin <= text.size()) {
        const std::size_t comma = std::min(text.find(',', begin), text.size());
        if (comma > begin) parts.push_back(text.substr(begin, comma - begin));
        begin = comma + 1;
    }
    return parts;
}

std::string nearest(const std::string& name, const std::vector<std::string>& candidates) {
    std::string best;
    std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
    for (const auto& candidate : candidates) {
        const std::size_t distance = edit_distance(name, candidate);
        if (distance < best_distance) {
            best_distance = distance;
            best = candidate;
        }
    }
    return best;
}

}  // namespace tools
