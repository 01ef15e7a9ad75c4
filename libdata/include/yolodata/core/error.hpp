// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

namespace yolodata {

/// What went wrong, by kind: callers decide by it (tools map it to an exit code), people read what().
enum class ErrorKind {
    invalid_argument,  ///< the caller's request makes no sense (bad option value, wrong shape)
    forbidden_state,   ///< the request is fine, but what is already there forbids it (OUT holds a set)
    not_found,         ///< a file or folder that must exist does not
    io,                ///< the operating system refused a read, a write, a map
    corrupt,           ///< content that fails its checks (checksum, format, range)
    unsupported,       ///< a valid thing that this build cannot handle
    resource,          ///< memory, disk or another budget does not suffice
};

/// The one exception type of both libraries. The message names the file, the place and the remedy;
/// the layer that detects an error writes the message, the layers above pass it on.
class Error : public std::runtime_error {
   public:
    Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
    ErrorKind kind() const noexcept { return kind_; }

   private:
    ErrorKind kind_;
};

/// Throws ErrorKind::not_found (ENOENT, ENOTDIR), resource (ENOSPC, EDQUOT, ENOMEM, EMFILE) or io:
/// "cannot ACTION PATH: STRERROR".
[[noreturn]] void throw_errno(const std::string& action, const std::string& path, int error_number);

}  // namespace yolodata
