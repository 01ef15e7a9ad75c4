// SPDX-License-Identifier: Apache-2.0
#include "yolodata/repair/plan.hpp"

#include <fmt/format.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <set>

#include "list_edit.hpp"
#include "pair_plan.hpp"
#include "suffix.hpp"
#include "verify/workers.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/rules.hpp"
#include "yolodata/core/utf8.hpp"

namespace yolodata {

namespace {

class Planner {
 public:
    Planner(const Dataset& dataset, const RepairOptions& options, const Progress& progress)
        : dataset_(dataset), options_(options), progress_(progress), place_(dataset.root) {}

    RepairPlan run() {
        result_ = verify(dataset_, options_.verify, progress_);
        if (result_.stopped) return stopped();
        find_touched();
        plan_pairs();
        if (plan_.stopped) return stopped();
        take_quarantine();
        take_rewrites();
        take_lists();
        const auto by_path = [](const auto& a, const auto& b) { return a.path < b.path; };
        std::stable_sort(plan_.changes.begin(), plan_.changes.end(), by_path);
        take_renames();
        std::stable_sort(plan_.left.begin(), plan_.left.end(), [](const Left& a, const Left& b) {
            return std::tie(a.path, a.line, a.rule) < std::tie(b.path, b.line, b.rule);
        });
        plan_.left.erase(std::unique(plan_.left.begin(), plan_.left.end(),
                                     [](const Left& a, const Left& b) {
                                         return std::tie(a.path, a.line, a.rule, a.reason) ==
                                                std::tie(b.path, b.line, b.rule, b.reason);
                                     }),
                         plan_.left.end());
        return std::move(plan_);
    }

 private:
    static RepairPlan stopped() {
        RepairPlan plan;
        plan.stopped = true;
        return plan;
    }

    void leave(const std::string& path, const Mend& mend, std::string reason) {
        plan_.left.push_back({path, mend.rule, mend.line, std::move(reason)});
    }

    void find_touched() {
        std::set<std::string_view> wanted;
        for (const Finding& finding : result_.findings)
            if (!finding.image.empty() && is_chosen(options_, finding.rule, finding.fix))
                wanted.insert(finding.image);
        for (const ImageRef& image : dataset_.images)
            if (wanted.contains(image.path)) touched_.push_back(&image);
    }

    void plan_pairs() {
        pairs_.resize(touched_.size());
        MemoryGate gate(options_.verify.max_memory);
        tbb::enumerable_thread_specific<PairPlanner> planners(
            [&] { return PairPlanner(dataset_, options_, place_, &gate); });
        std::mutex mutex;
        std::uint64_t done = 0;
        Workers(options_.verify.jobs).run([&] {
            tbb::parallel_for(std::size_t{0}, pairs_.size(), [&](std::size_t i) {
                {
                    const std::scoped_lock lock(mutex);
                    if (plan_.stopped) return;
                    if (progress_ && !progress_(++done, pairs_.size())) plan_.stopped = true;
                }
                pairs_[i] = planners.local().plan(*touched_[i]);
            });
        });
        for (PairPlan& pair : pairs_)
            plan_.left.insert(plan_.left.end(), pair.left.begin(), pair.left.end());
    }

    void take_quarantine() {
        std::set<std::string> kept_labels;  // another image, which stays, has the same one
        std::set<std::string_view> moved;
        for (std::size_t i = 0; i < pairs_.size(); ++i)
            if (!pairs_[i].quarantine.empty()) moved.insert(touched_[i]->path);
        for (const ImageRef& image : dataset_.images)
            if (image.has_label && !moved.contains(image.path))
                kept_labels.insert(image.label_path);
        for (std::size_t i = 0; i < pairs_.size(); ++i)
            if (!pairs_[i].quarantine.empty()) take_pair(*touched_[i], pairs_[i], kept_labels);
    }

    void take_pair(const ImageRef& image, const PairPlan& pair,
                   const std::set<std::string>& kept_labels) {
        const std::string why = place_.move_obstacle(image.path);
        const bool absent = !status_of(dataset_.absolute(image.path));
        if (absent && image.list != 0) {
            gone_.insert(image.path);
            return;
        }
        if (!why.empty()) {
            for (const Mend& mend : pair.quarantine) leave(image.path, mend, why);
            return;
        }
        gone_.insert(image.path);
        move(image.path, pair.image_file, pair.quarantine);
        if (!image.has_label || kept_labels.contains(image.label_path)) return;
        if (!moved_labels_.insert(image.label_path).second) return;
        if (const std::string no = place_.move_obstacle(image.label_path); !no.empty())
            leave(image.label_path, pair.quarantine.front(), no);
        else
            move(image.label_path, pair.label_file, pair.quarantine);
    }

    void move(const std::string& path, const FileRecord& record, const std::vector<Mend>& mends) {
        Change change = change_of(RepairAction::quarantine, path, place_, record);
        change.mends = mends;
        plan_.changes.push_back(std::move(change));
    }

    void take_rewrites() {
        std::map<std::string, std::size_t> labels;
        for (PairPlan& pair : pairs_) {
            if (pair.image) plan_.changes.push_back(std::move(*pair.image));
            if (!pair.label || moved_labels_.contains(pair.label->path)) continue;
            const auto [at, first] = labels.emplace(pair.label->path, plan_.changes.size());
            if (first)
                plan_.changes.push_back(std::move(*pair.label));
            else if (plan_.changes[at->second].splices != pair.label->splices)
                leave(pair.label->path, pair.label->mends.front(),
                      "two images of different size share this label; mended for the first");
        }
    }

    void take_lists() {
        if (gone_.empty()) return;
        for (const std::string& list : dataset_.list_files) {
            std::vector<std::byte> content;
            const ReadResult read = Folder(dataset_.root).read(list, content);
            if (!read) continue;
            const auto lines = lines_naming(content, dataset_, list, gone_);
            if (lines.empty()) continue;
            FileRecord record;
            record.hashed = true;
            record.digest = sha256(content);
            Change change = change_of(RepairAction::rewrite, list, place_, record);
            for (const DroppedLine& dropped : lines) {
                change.splices.push_back(dropped.splice);
                change.mends.push_back(
                    {"image/unreadable", Fix::quarantine, dropped.line,
                     fmt::format("{} is not there, or not any more", printable(dropped.path))});
            }
            if (const std::string why = place_.rewrite_obstacle(list); !why.empty())
                leave(list, change.mends.front(), why);
            else
                plan_.changes.push_back(std::move(change));
        }
    }

    void take_renames() {
        for (PairPlan& pair : pairs_)
            if (pair.rename) plan_.changes.push_back(std::move(*pair.rename));
        for (const Finding& finding : result_.findings) {
            if (finding.fix != Fix::rename || !is_chosen(options_, finding.rule, finding.fix))
                continue;
            if (finding.rule == "dataset/case-mismatch" && !finding.related.empty())
                rename(finding, finding.related.front(), label_path_of(finding.image));
            else if (finding.rule == "dataset/unlisted-file")
                rename(finding, finding.path, listed_name(finding.path));
        }
    }

    std::string listed_name(const std::string& path) const {
        std::array<std::byte, 4096> head;
        const std::size_t n = Folder(dataset_.root).read_head(path, head);
        return with_suffix_of(path, detect_format(std::span(head).first(n)));
    }

    void rename(const Finding& finding, const std::string& from, const std::string& to) {
        const Mend mend{finding.rule, finding.fix, 0, finding.message};
        std::string why = place_.obstacle(from);
        if (why.empty() && to == from)
            why = "its format has no suffix that trainers read; convert it";
        if (why.empty() && status_of(place_.absolute(to)))
            why = printable(to) + " is there already";
        if (!why.empty()) return leave(from, mend, std::move(why));
        Change change = change_of(RepairAction::rename, from, place_, {});
        change.to = to;
        change.mends = {mend};
        plan_.changes.push_back(std::move(change));
    }

    const Dataset& dataset_;
    const RepairOptions& options_;
    const Progress& progress_;
    Place place_;
    VerifyResult result_;
    std::vector<const ImageRef*> touched_;
    std::vector<PairPlan> pairs_;
    std::set<std::string> gone_;  ///< images that list files must not name any more
    std::set<std::string> moved_labels_;
    RepairPlan plan_;
};

}  // namespace

std::string_view to_string(RepairAction action) {
    switch (action) {
        case RepairAction::rewrite:
            return "rewrite";
        case RepairAction::quarantine:
            return "quarantine";
        case RepairAction::rename:
            return "rename";
    }
    return {};
}

bool is_chosen(const RepairOptions& options, std::string_view rule, Fix fix) {
    if (fix == Fix::none) return false;
    if (options.rules.empty()) return fix != Fix::normalise_pixels && fix != Fix::rename;
    return std::any_of(options.rules.begin(), options.rules.end(),
                       [&](const std::string& pattern) { return rule_matches(pattern, rule); });
}

RepairPlan plan_repair(const Dataset& dataset, const RepairOptions& options,
                       const Progress& progress) {
    return Planner(dataset, options, progress).run();
}

}  // namespace yolodata
