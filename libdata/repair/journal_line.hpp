// SPDX-License-Identifier: Apache-2.0
// The lines of a journal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "journal.hpp"

namespace yolodata {

struct JournalLine {
    std::optional<JournalEntry> entry;
    std::optional<std::string> folder;
    std::int64_t mtime_ns = 0;  ///< of the folder
    bool done = false;
};

std::string header_line();
std::string entry_line(const JournalEntry& entry);
std::string folder_line(const std::string& path, std::int64_t mtime_ns);
std::string done_line();

/// Throws std::exception if it is none, or names a path that is not below the root.
JournalLine parse_journal_line(const std::string& line);

}  // namespace yolodata
