// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "yolodata/core/atomic_file.hpp"

namespace tools {

/// Where results go: stdout, or a file that appears whole or not at all. Throws yolodata::Error
/// where they cannot be written; a reader of stdout that has gone away is no error.
class Output {
 public:
    /// path: empty or "-" for stdout.
    explicit Output(const std::string& path);
    void write(std::string_view text);
    /// Hands on what is written so far, so that a reader of stdout sees it at once.
    void flush();
    void finish();
    /// stdout is a terminal and NO_COLOR is not set.
    bool wants_colour() const;

 private:
    std::optional<yolodata::AtomicFile> file_;
    bool reader_gone_ = false;
};

}  // namespace tools
