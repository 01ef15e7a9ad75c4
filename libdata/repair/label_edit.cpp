// SPDX-License-Identifier: Apache-2.0
#include "label_edit.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "label_row.hpp"
#include "yolodata/core/label.hpp"

namespace yolodata {

namespace {

// Normalise, clip, drop what stands twice: each round mends what the one before brought about.
constexpr int max_rounds = 5;

/// A row of the file as it is, and what becomes of it.
struct Row {
    std::size_t begin, end, next;  ///< text, and the first byte behind its line end
    std::uint32_t line;
    std::string text;
    bool dropped = false, blank = false;
    bool touched = false;  ///< in this round
};

std::size_t line_end_length(std::string_view text, std::size_t at) {
    const std::string_view rest = text.substr(at);
    if (rest.empty()) return 0;
    if (rest.starts_with("\r\n") || rest.starts_with("\xC2\x85")) return 2;
    return static_cast<unsigned char>(rest[0]) == 0xE2 ? 3 : 1;
}

class Editor {
 public:
    Editor(std::span<const std::byte> bytes, const LabelContext& context, const Chosen& chosen)
        : text_(reinterpret_cast<const char*>(bytes.data()), bytes.size()),
          context_(context),
          chosen_(chosen) {}

    LabelEdit run() {
        split();
        for (int round = 0; round < max_rounds && mend_once(); ++round) edit_.splices = splices();
        const auto row = [](const Row& r) { return !r.blank && !r.dropped; };
        const auto was_row = [](const Row& r) { return !r.blank; };
        edit_.becomes_background = std::any_of(rows_.begin(), rows_.end(), was_row) &&
                                   std::none_of(rows_.begin(), rows_.end(), row);
        return std::move(edit_);
    }

 private:
    void split() {
        const std::size_t bom = text_.starts_with(utf8_bom) ? utf8_bom.size() : 0;
        LabelReader reader(text_.substr(bom));
        for (LabelRow row; reader.next(row);) {
            const auto begin = static_cast<std::size_t>(row.text.data() - text_.data());
            const std::size_t end = begin + row.text.size();
            rows_.push_back({begin, end, end + line_end_length(text_, end), row.line,
                             std::string(row.text), false, row.blank});
        }
    }

    std::vector<Splice> splices() const {
        std::vector<Splice> all;
        for (const Row& row : rows_) {
            if (row.dropped)
                all.push_back({row.begin, row.next - row.begin, ""});
            else if (row.text != text_.substr(row.begin, row.end - row.begin))
                all.push_back({row.begin, row.end - row.begin, row.text});
        }
        return all;
    }

    /// The row at each line of the content as it would be now.
    std::vector<std::pair<std::uint32_t, Row*>> rows_now(std::string_view now) {
        if (now.starts_with(utf8_bom)) now.remove_prefix(utf8_bom.size());
        std::vector<std::pair<std::uint32_t, Row*>> lines;
        LabelReader reader(now);
        auto row = rows_.begin();
        for (LabelRow read; reader.next(read); ++row) {
            while (row->dropped) ++row;
            lines.emplace_back(read.line, &*row);
        }
        return lines;
    }

    // True if something changed.
    bool mend_once() {
        const std::vector<std::byte> bytes =
            apply_splices(std::as_bytes(std::span(text_.data(), text_.size())), edit_.splices);
        checker_.check(bytes, context_, outcome_);
        const auto lines = rows_now({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
        // A row that is to go is not clipped first.
        std::stable_sort(outcome_.findings.begin(), outcome_.findings.end(),
                         [](const Finding& a, const Finding& b) { return drops(a) && !drops(b); });
        bool changed = false;
        for (Row& row : rows_) row.touched = false;
        for (const Finding& finding : outcome_.findings) {
            if (finding.line == 0 || !chosen_(finding.rule, finding.fix)) continue;
            const auto at = std::lower_bound(lines.begin(), lines.end(),
                                             std::pair<std::uint32_t, Row*>{finding.line, nullptr});
            Row& row = *at->second;
            edit_.mends.push_back({finding.rule, finding.fix, row.line, finding.message});
            if (row.dropped || row.touched) continue;
            if (!mend(row, finding)) {
                edit_.mends.pop_back();
                continue;
            }
            row.touched = changed = true;
        }
        return changed;
    }

    static bool drops(const Finding& finding) {
        return finding.fix == Fix::drop_row || finding.fix == Fix::drop_duplicate;
    }

    bool mend(Row& row, const Finding& finding) {
        if (drops(finding)) return row.dropped = true;
        if (finding.fix == Fix::clip) {
            if (has_faults(row)) return leave(row, finding, "another field is no finite number");
            std::optional<std::string> clipped = clip_row(row.text, context_);
            if (!clipped) {
                edit_.mends.back().fix = Fix::drop_row;
                edit_.mends.back().message += "; nothing of it lies inside the image";
                return row.dropped = true;
            }
            if (*clipped == row.text) return leave(row, finding, "clipping does not mend it");
            row.text = std::move(*clipped);
            return true;
        }
        if (finding.fix != Fix::normalise_pixels || context_.width == 0) return false;
        row.text = normalise_row(row.text, context_);
        return true;
    }

    static bool has_faults(const Row& row) {
        LabelReader reader(row.text);
        LabelRow read;
        return !reader.next(read) || !read.faults.empty();
    }

    bool leave(const Row& row, const Finding& finding, std::string reason) {
        edit_.left.push_back({{}, finding.rule, row.line, std::move(reason)});
        return false;
    }

    std::string_view text_;
    const LabelContext& context_;
    const Chosen& chosen_;
    std::vector<Row> rows_;
    LabelEdit edit_;
    LabelChecker checker_;
    LabelOutcome outcome_;
};

}  // namespace

LabelEdit edit_label(std::span<const std::byte> bytes, const LabelContext& context,
                     const Chosen& chosen) {
    return Editor(bytes, context, chosen).run();
}

}  // namespace yolodata
