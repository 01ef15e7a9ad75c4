// SPDX-License-Identifier: Apache-2.0
#include "yolodata/repair/undo.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <map>
#include <vector>

#include "core/paths.hpp"
#include "file_ops.hpp"
#include "journal.hpp"
#include "place.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/utf8.hpp"

namespace yolodata {

namespace {

enum class State {
    untouched,  ///< as before the change: never made, or undone already
    made,       ///< as the change left it
    edited,     ///< neither: somebody's work since
    lost,       ///< the old content is nowhere
};

class Undoer {
 public:
    Undoer(const std::string& root, std::string quarantine, Journal& journal)
        : place_(root), quarantine_(std::move(quarantine)), journal_(journal) {}

    void refuse_edited(bool force) {
        const auto& entries = journal_.entries();
        for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
            refuse_outside(*entry);
            // A renamed file is looked for where it lies now.
            std::string at = entry->path;
            if (const auto moved = moved_.find(at); moved != moved_.end()) at = moved->second;
            const State state = state_of(*entry, at);
            if (entry->action == RepairAction::rename && state == State::made)
                moved_[entry->path] = entry->to;
            if (state == State::lost && !force)
                throw Error(ErrorKind::corrupt,
                            fmt::format("{}: what it was before the repair is not in {} any more; "
                                        "nothing was undone. --force brings back the others",
                                        printable(entry->path), printable(quarantine_)));
            if (state == State::edited && !force)
                throw Error(ErrorKind::forbidden_state,
                            fmt::format("{} was edited, removed or put there since the repair; "
                                        "nothing was undone. Save it elsewhere and undo with "
                                        "--force, which overwrites it",
                                        printable(entry->path)));
        }
    }

    bool undo(const JournalEntry& entry) {
        const std::string path = place_.absolute(entry.path);
        const State state = state_of(entry, entry.path);
        bool restored = false;
        if (state == State::made || state == State::edited) {
            make_folders(parent_of(path));
            put_back(entry, path);
            restored = true;
        }
        clean(entry, path);
        return restored;
    }

    void restore_folder_times() {
        for (const auto& [folder, mtime_ns] : journal_.folders())
            if (is_folder(place_.absolute(folder))) set_mtime(place_.absolute(folder), mtime_ns);
    }

 private:
    void refuse_outside(const JournalEntry& entry) const {
        refuse_outside(parent_of(place_.absolute(entry.path)));
        if (!entry.to.empty()) refuse_outside(parent_of(place_.absolute(entry.to)));
    }

    void refuse_outside(const std::string& folder) const {
        const auto real = real_path(folder), root = real_path(place_.root());
        if (real && root && *real != *root && !real->starts_with(*root + "/"))
            throw Error(ErrorKind::forbidden_state,
                        fmt::format("{} leads outside the dataset's folder now; remove the link",
                                    printable(folder)));
    }

    std::string elsewhere(const JournalEntry& entry) const {
        return entry.action == RepairAction::rename ? place_.absolute(entry.to)
                                                    : quarantine_ + "/" + entry.path;
    }

    State state_of(const JournalEntry& entry, const std::string& at) const {
        return entry.action == RepairAction::rewrite ? state_of_rewrite(entry, at)
                                                     : state_of_move(entry);
    }

    State state_of_rewrite(const JournalEntry& entry, const std::string& at) const {
        const std::string path = place_.absolute(at);
        const auto now = status_of(path), old = status_of(journal_.old_file(entry.number));
        if (now && old && now->st_ino == old->st_ino && now->st_dev == old->st_dev)
            return State::untouched;
        const auto digest = digest_of_file(path);
        const bool as_it_was = digest && *digest == entry.before;
        if (as_it_was && (!old || mtime_of(*now) == entry.mtime_ns)) return State::untouched;
        if (!old) return State::lost;
        return as_it_was || (digest && *digest == entry.after) ? State::made : State::edited;
    }

    State state_of_move(const JournalEntry& entry) const {
        const auto here = status_of(place_.absolute(entry.path)),
                   there = status_of(elsewhere(entry));
        const auto as_it_was = [&entry](const struct stat& st) {
            return static_cast<std::uint64_t>(st.st_size) == entry.size &&
                   mtime_of(st) == entry.mtime_ns;
        };
        if (here && (!there || as_it_was(*here))) return State::untouched;
        if (!there) return State::lost;
        // What was rewritten before it was renamed has another size; its own entry judges it.
        const bool same = entry.action == RepairAction::rename || as_it_was(*there);
        return !here && same ? State::made : State::edited;
    }

    void put_back(const JournalEntry& entry, const std::string& path) {
        const std::string from = entry.action == RepairAction::rewrite
                                     ? journal_.old_file(entry.number)
                                     : elsewhere(entry);
        move_entry(from, path, temporary(entry, path), true);
    }

    // What a killed process left: a half-written file, the second name of one that was copied.
    void clean(const JournalEntry& entry, const std::string& path) {
        ::unlink(temporary(entry, path).c_str());
        if (entry.action == RepairAction::rewrite) return;
        const std::string other = elsewhere(entry);
        ::unlink(temporary(entry, other).c_str());
        if (entry.action != RepairAction::quarantine) return;
        if (status_of(path)) ::unlink(other.c_str());
        remove_empty_parents(parent_of(other), quarantine_);
    }

    static std::string temporary(const JournalEntry& entry, const std::string& path) {
        return parent_of(path) + "/" + Journal::temporary_name(entry.number);
    }

    Place place_;
    std::string quarantine_;
    Journal& journal_;
    std::map<std::string, std::string> moved_;
};

}  // namespace

UndoResult undo_repair(const std::string& root, const std::string& quarantine, bool force,
                       const Progress& progress) {
    UndoResult result;
    const auto journal = Journal::open(quarantine);
    if (!journal) {
        remove_empty_journal_folders(quarantine);
        return result;
    }
    result.journal = true;
    const auto& entries = journal->entries();
    result.changes = entries.size();
    Undoer undoer(root, quarantine, *journal);
    undoer.refuse_edited(force);
    for (std::size_t i = entries.size(); i-- > 0;) {
        if (progress && !progress(entries.size() - 1 - i, entries.size())) {
            result.stopped = true;
            return result;
        }
        const bool restored = undoer.undo(entries[i]);
        result.restored += restored;
        result.undone.push_back({entries[i].action, entries[i].path, entries[i].to, restored});
    }
    undoer.restore_folder_times();
    journal->remove();
    return result;
}

}  // namespace yolodata
