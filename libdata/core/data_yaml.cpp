// SPDX-License-Identifier: Apache-2.0
#include "data_yaml.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "yolodata/core/label.hpp"
#include "yolodata/core/utf8.hpp"

namespace yolodata {

namespace {

constexpr std::uint32_t max_classes = 100'000;
constexpr std::uint32_t max_keypoints = 10'000;

std::optional<std::int64_t> parse_integer(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    std::int64_t value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || stop != text.data() + text.size() || text.empty())
        return std::nullopt;
    return value;
}

class Parser {
 public:
    explicit Parser(DataYaml& out) : out_(out) {}

    void read(const std::string& text) {
        const YAML::Node root = YAML::Load(text);
        if (!root.IsMap()) {
            invalid(text.empty() || root.IsNull() ? "it is empty"
                                                  : "it is no mapping of keys to values");
            return;
        }
        out_.parsed = true;
        // A key that stands twice means its last value, as with Python's reader.
        for (const auto& entry : root)
            if (entry.first.IsScalar()) keys_[entry.first.Scalar()] = entry.second;
        read_path();
        read_splits();
        read_classes();
        read_task();
        if (find("download"))
            issue("dataset/download-ignored", Verdict::uses,
                  "a download entry is never run here; Ultralytics executes it where the images "
                  "are missing");
    }

    void invalid(const std::string& what, Verdict verdict = Verdict::aborts) {
        issue("dataset/config-invalid", verdict, what);
    }

 private:
    void issue(std::string_view rule, Verdict verdict, const std::string& message) {
        out_.issues.push_back({rule, verdict, message});
    }

    const YAML::Node* find(const std::string& key) const {
        const auto at = keys_.find(key);
        return at == keys_.end() || at->second.IsNull() ? nullptr : &at->second;
    }

    void read_path() {
        const YAML::Node* path = find("path");
        if (path == nullptr) return;
        if (path->IsScalar()) {
            out_.path = path->Scalar();
        } else {
            invalid("path: must be one folder");
        }
    }

    void read_splits() {
        for (const std::string name : {"train", "val", "test"}) {
            const YAML::Node* node = find(name);
            if (node == nullptr && name == "val") node = find("validation");
            std::vector<std::string> places;
            if (node != nullptr) places = read_places(name, *node);
            if (!places.empty()) {
                out_.splits.push_back({name, std::move(places)});
            } else if (node == nullptr && name != "test") {
                invalid(fmt::format("{}: is missing", name));
            }
        }
    }

    std::vector<std::string> read_places(const std::string& name, const YAML::Node& node) {
        std::vector<std::string> places;
        bool fits = true;
        if (node.IsScalar()) {
            places.push_back(node.Scalar());
        } else if (node.IsSequence()) {
            for (const auto& item : node) {
                if (item.IsScalar()) {
                    places.push_back(item.Scalar());
                } else {
                    fits = false;
                }
            }
        } else {
            fits = false;
        }
        if (!fits || places.empty())
            invalid(fmt::format("{}: must be a folder, a list file or a list of these", name));
        return places;
    }

    void read_classes() {
        const YAML::Node* names = find("names");
        const YAML::Node* nc = find("nc");
        if (names == nullptr && nc == nullptr) return invalid("names: and nc: are both missing");
        std::optional<std::int64_t> count;
        if (nc != nullptr) {
            if (nc->IsScalar()) count = parse_integer(nc->Scalar());
            if (!count || *count < 1 || *count > max_classes)
                return invalid(fmt::format("nc: must be a whole number from 1 to {}", max_classes));
        }
        if (names == nullptr) {
            out_.class_count = static_cast<std::uint32_t>(*count);
            for (std::int64_t i = 0; i < *count; ++i)
                out_.names.push_back(fmt::format("class_{}", i));
            return;
        }
        std::vector<std::string> texts;
        if (!read_names(*names, texts)) return;
        if (count && static_cast<std::size_t>(*count) != texts.size())
            return invalid(fmt::format("nc: {} and the {} names disagree", *count, texts.size()));
        out_.class_count = static_cast<std::uint32_t>(texts.size());
        out_.names = std::move(texts);
        report_duplicate_names();
    }

    bool read_names(const YAML::Node& node, std::vector<std::string>& texts) {
        std::map<std::int64_t, std::string> by_index;
        if (node.IsSequence()) {
            for (const auto& item : node)
                by_index[static_cast<std::int64_t>(by_index.size())] = text_of(item);
        } else if (node.IsMap()) {
            for (const auto& item : node) {
                const auto index =
                    item.first.IsScalar() ? parse_integer(item.first.Scalar()) : std::nullopt;
                if (!index) {
                    invalid(
                        fmt::format("names: the key {} is no class index", text_of(item.first)));
                    return false;
                }
                by_index[*index] = text_of(item.second);
            }
        } else {
            invalid("names: must be a list or a mapping from class index to name");
            return false;
        }
        if (by_index.empty() || by_index.size() > max_classes) {
            invalid(by_index.empty() ? "names: is empty" : "names: has too many entries");
            return false;
        }
        for (const auto& [index, text] : by_index) {
            if (index != static_cast<std::int64_t>(texts.size())) {
                invalid(fmt::format("names: class indices must be 0 to {}; {} is missing",
                                    by_index.size() - 1, texts.size()));
                return false;
            }
            texts.push_back(text);
        }
        return true;
    }

    static std::string text_of(const YAML::Node& node) {
        return node.IsScalar() ? node.Scalar() : std::string();
    }

    void report_duplicate_names() {
        std::map<std::string, std::size_t> first;
        for (std::size_t i = 0; i < out_.names.size(); ++i) {
            const auto [at, fresh] = first.try_emplace(out_.names[i], i);
            if (!fresh)
                issue("dataset/duplicate-class-name", Verdict::uses,
                      fmt::format("classes {} and {} are both named {}", at->second, i,
                                  printable(out_.names[i])));
        }
    }

    void read_task() {
        if (const YAML::Node* task = find("task"); task != nullptr && task->IsScalar())
            out_.task = parse_task(task->Scalar());
        const YAML::Node* shape = find("kpt_shape");
        if (shape == nullptr) return;
        std::vector<std::int64_t> numbers;
        if (!read_integers(*shape, numbers) || numbers.size() != 2 || numbers[0] < 1 ||
            numbers[0] > max_keypoints || (numbers[1] != 2 && numbers[1] != 3)) {
            return invalid("kpt_shape: must be [number of points, 2 or 3]");
        }
        out_.keypoints = KeypointShape{static_cast<std::uint32_t>(numbers[0]),
                                       static_cast<std::uint32_t>(numbers[1])};
        read_flip_index(numbers[0]);
    }

    void read_flip_index(std::int64_t points) {
        const YAML::Node* flip = find("flip_idx");
        if (flip == nullptr) return;
        std::vector<std::int64_t> numbers;
        const bool integers = read_integers(*flip, numbers);
        const bool length_fits = static_cast<std::int64_t>(numbers.size()) == points;
        const std::set<std::int64_t> distinct(numbers.begin(), numbers.end());
        const bool permutation = integers && length_fits && distinct.size() == numbers.size() &&
                                 *distinct.begin() == 0 && *distinct.rbegin() == points - 1;
        if (!permutation)
            invalid(fmt::format("flip_idx: must hold each of 0 to {} once", points - 1),
                    length_fits && integers ? Verdict::uses : Verdict::aborts);
    }

    static bool read_integers(const YAML::Node& node, std::vector<std::int64_t>& numbers) {
        if (!node.IsSequence()) return false;
        for (const auto& item : node) {
            const auto number = item.IsScalar() ? parse_integer(item.Scalar()) : std::nullopt;
            if (!number) return false;
            numbers.push_back(*number);
        }
        return true;
    }

    DataYaml& out_;
    std::map<std::string, YAML::Node> keys_;
};

bool has_wide_byte_order_mark(std::string_view text) {
    return text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF") ||
           text.starts_with(std::string_view("\0\0\xFE\xFF", 4));
}

// As a reader that ignores errors does: the bytes that are no UTF-8 are left out.
std::string without_invalid_utf8(std::string_view text) {
    std::string kept;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t n = utf8_sequence(text.substr(i));
        kept += text.substr(i, n);
        i += std::max<std::size_t>(n, 1);
    }
    return kept;
}

}  // namespace

DataYaml parse_data_yaml(std::string text) {
    DataYaml yaml;
    Parser parser(yaml);
    if (!has_wide_byte_order_mark(text) && find_invalid_utf8(text) != std::string_view::npos) {
        parser.invalid(fmt::format("its text is not UTF-8 (byte {})", find_invalid_utf8(text) + 1),
                       Verdict::uses);
        text = without_invalid_utf8(text);
    }
    try {
        parser.read(text);
    } catch (const YAML::Exception& error) {
        // yaml-cpp counts from 0; -1 is "no place".
        const int line = error.mark.line + 1;
        parser.invalid(line > 0 ? fmt::format("it does not parse: line {}, column {}: {}", line,
                                              error.mark.column + 1, printable(error.msg))
                                : fmt::format("it does not parse: {}", printable(error.msg)));
        yaml.parsed = false;
    }
    return yaml;
}

}  // namespace yolodata
