// SPDX-License-Identifier: Apache-2.0
// What a repair did, on disk before it does it: QUARANTINE/yolodata.repair/journal.jsonl, one JSON
// object a line, and old/N, the file that change N replaces.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "yolodata/core/sha256.hpp"
#include "yolodata/repair/plan.hpp"

namespace yolodata {

inline constexpr std::string_view journal_folder_name = "yolodata.repair";

struct JournalEntry {
    std::uint64_t number = 0;  ///< from 1
    RepairAction action = RepairAction::rewrite;
    std::string path, to;  ///< relative to the dataset's root
    std::uint64_t size = 0;
    std::int64_t mtime_ns = 0;
    bool hashed = false;
    Sha256Digest before{};
    Sha256Digest after{};  ///< of a rewrite
};

/// One writer at a time: the file is locked as long as the object lives.
class Journal {
 public:
    /// A new one. Throws Error(forbidden_state) if the quarantine folder holds one.
    static Journal create(const std::string& quarantine);
    /// The one that is there; nullptr if there is none. A last line that is not complete was never
    /// acted on and is passed over. Throws Error(corrupt | forbidden_state).
    static std::unique_ptr<Journal> open(const std::string& quarantine);
    /// Throws Error(forbidden_state) if a repair there was stopped on its way.
    static void refuse_unfinished(const std::string& quarantine);
    ~Journal();
    Journal(Journal&&) noexcept;

    /// Remembers the folder's time, if it is the first that is changed in it. Durable with the next
    /// entry.
    void note_folder(const std::string& path, std::int64_t mtime_ns);
    void append(const JournalEntry& entry);  ///< durable on return
    void mark_finished();                    ///< everything planned is done

    bool finished() const { return finished_; }
    const std::vector<JournalEntry>& entries() const { return entries_; }
    const std::map<std::string, std::int64_t>& folders() const { return folders_; }
    std::string old_folder() const { return folder_ + "/old"; }
    std::string old_file(std::uint64_t number) const;
    /// Name of a file that is about to take another's place, in that one's folder.
    static std::string temporary_name(std::uint64_t number);

    /// Removes the old contents, then the journal, then folders that are empty.
    void remove();

 private:
    Journal(std::string quarantine, int fd);
    void read();
    void take_line(const std::string& line, std::size_t number);
    void write(const std::string& text);

    std::string quarantine_, folder_, pending_;
    int fd_ = -1;
    std::vector<JournalEntry> entries_;
    std::map<std::string, std::int64_t> folders_;
    bool finished_ = false;
};

/// Folders that a killed undo left empty.
void remove_empty_journal_folders(const std::string& quarantine);

}  // namespace yolodata
