// SPDX-License-Identifier: Apache-2.0
#include "reports/output.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "yolodata/core/error.hpp"

namespace tools {

Output::Output(const std::string& path) {
    if (!path.empty() && path != "-") file_.emplace(path);
}

void Output::write(std::string_view text) {
    if (file_) {
        file_->write(text);
    } else if (!reader_gone_ && std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) {
        if (errno != EPIPE) yolodata::throw_errno("write", "stdout", errno);
        reader_gone_ = true;
    }
}

void Output::flush() {
    if (file_ || reader_gone_ || std::fflush(stdout) == 0) return;
    if (errno != EPIPE) yolodata::throw_errno("write", "stdout", errno);
    reader_gone_ = true;
}

void Output::finish() {
    file_ ? file_->commit() : flush();
}

bool Output::wants_colour() const {
    const char* no_colour = std::getenv("NO_COLOR");
    return !file_ && ::isatty(STDOUT_FILENO) == 1 && (no_colour == nullptr || *no_colour == '\0');
}

}  // namespace tools
