// SPDX-License-Identifier: Apache-2.0
#include "yolodata/repair/apply.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <set>

#include "core/paths.hpp"
#include "file_ops.hpp"
#include "journal.hpp"
#include "place.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/utf8.hpp"

namespace yolodata {

namespace {

/// A change that cannot be made although the disk is fine.
struct Skip {
    std::string reason;
};

class Applier {
 public:
    Applier(const Dataset& dataset, const RepairPlan& plan, std::string quarantine)
        : place_(dataset.root), plan_(plan), quarantine_(std::move(quarantine)) {}

    ApplyResult run(const Progress& progress) {
        ApplyResult result;
        Journal::refuse_unfinished(quarantine_);
        if (plan_.changes.empty()) return result;
        require_outside();
        require_writable();
        journal_.emplace(Journal::create(quarantine_));
        for (std::size_t i = 0; i < plan_.changes.size(); ++i) {
            if (progress && !progress(i, plan_.changes.size())) {
                result.stopped = true;
                return result;
            }
            try {
                make(plan_.changes[i]);
                ++result.done;
            } catch (const Skip& skip) {
                result.skipped.push_back({i, skip.reason});
            }
        }
        journal_->mark_finished();
        if (journal_->entries().empty()) journal_->remove();
        return result;
    }

 private:
    void require_outside() const {
        std::string existing = quarantine_;
        while (!exists(existing)) existing = parent_of(existing);
        const std::string real = real_path(existing).value_or(existing);
        const std::string root = real_path(place_.root()).value_or(place_.root());
        if (real == root || real.starts_with(root + "/"))
            throw Error(ErrorKind::invalid_argument,
                        fmt::format("the quarantine folder {} lies inside the dataset; name one "
                                    "outside with --quarantine",
                                    printable(quarantine_)));
    }

    void require_writable() const {
        std::set<std::string> folders;
        for (const Change& change : plan_.changes) {
            folders.insert(parent_of(place_.absolute(change.path)));
            if (!change.to.empty()) folders.insert(parent_of(place_.absolute(change.to)));
        }
        for (const std::string& folder : folders)
            if (is_folder(folder)) require_writable_folder(folder);
    }

    void make(const Change& change) {
        const std::string path = place_.absolute(change.path);
        require_unchanged(change);
        JournalEntry entry;
        entry.number = journal_->entries().size() + 1;
        entry.action = change.action;
        entry.path = change.path;
        entry.to = change.to;
        entry.size = change.size;
        entry.mtime_ns = change.mtime_ns;
        entry.hashed = change.hashed;
        entry.before = change.digest;
        note_folder(change.path);
        if (!change.to.empty()) note_folder(change.to);
        switch (change.action) {
            case RepairAction::rewrite:
                return rewrite(change, path, entry);
            case RepairAction::quarantine:
                return quarantine(change, path, entry);
            case RepairAction::rename:
                return rename(change, path, entry);
        }
    }

    // A rename may follow a rewrite of the same file by this plan: what was planned for is what is
    // there now.
    void require_unchanged(const Change& change) const {
        const std::string why = change.action == RepairAction::rewrite
                                    ? place_.rewrite_obstacle(change.path)
                                    : place_.obstacle(change.path);
        if (!why.empty()) throw Skip{why};
        if (change.action == RepairAction::rename && rewritten_.contains(change.path)) return;
        const std::string path = place_.absolute(change.path);
        const auto st = status_of(path);
        const bool same = st && static_cast<std::uint64_t>(st->st_size) == change.size &&
                          mtime_of(*st) == change.mtime_ns &&
                          (!change.hashed || digest_of_file(path) == change.digest);
        if (!same) throw Skip{"has changed since the plan was made; run repair again"};
    }

    void note_folder(const std::string& path) {
        const std::string folder = parent_of(path);
        if (const auto st = status_of(place_.absolute(folder)); st && S_ISDIR(st->st_mode))
            journal_->note_folder(folder, mtime_of(*st));
    }

    void rewrite(const Change& change, const std::string& path, JournalEntry& entry) {
        const std::vector<std::byte> old = read_file(path);
        if (sha256(old) != change.digest) throw Skip{"has changed since the plan was made"};
        const std::vector<std::byte> content = apply_splices(old, change.splices);
        entry.after = sha256(content);
        const std::string temporary = parent_of(path) + "/" + Journal::temporary_name(entry.number);
        if (status_of(temporary)) throw Skip{temporary + " is in the way; remove it"};
        const std::string kept = journal_->old_file(entry.number);
        ::unlink(kept.c_str());
        keep_old(path, kept);
        const auto before = status_of(path);
        journal_->append(entry);
        if (!before) throw Skip{"has vanished"};
        write_new(temporary, content, *before);
        const auto now = status_of(path);
        if (!now || now->st_ino != before->st_ino || now->st_size != before->st_size ||
            mtime_of(*now) != change.mtime_ns) {
            ::unlink(temporary.c_str());
            throw Skip{"was changed while it was mended; run repair again"};
        }
        put_in_place(temporary, path);
        rewritten_.insert(change.path);
    }

    void quarantine(const Change& change, const std::string& path, const JournalEntry& entry) {
        const std::string to = quarantine_ + "/" + change.path;
        if (status_of(to)) throw Skip{printable(to) + " is there already; move it away"};
        make_folders(parent_of(to));
        journal_->append(entry);
        move_entry(path, to, parent_of(to) + "/" + Journal::temporary_name(entry.number), false);
    }

    void rename(const Change& change, const std::string& path, const JournalEntry& entry) {
        const std::string to = place_.absolute(change.to);
        if (status_of(to)) throw Skip{printable(change.to) + " is there already"};
        journal_->append(entry);
        move_entry(path, to, parent_of(to) + "/" + Journal::temporary_name(entry.number), false);
    }

    Place place_;
    const RepairPlan& plan_;
    std::string quarantine_;
    std::optional<Journal> journal_;
    std::set<std::string> rewritten_;
};

}  // namespace

std::string default_quarantine(const Dataset& dataset) {
    return dataset.root + ".quarantine";
}

ApplyResult apply_repair(const Dataset& dataset, const RepairPlan& plan,
                         const std::string& quarantine, const Progress& progress) {
    return Applier(dataset, plan, quarantine).run(progress);
}

}  // namespace yolodata
