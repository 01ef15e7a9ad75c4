// SPDX-License-Identifier: Apache-2.0
#include "yolodata/core/error.hpp"

#include <cerrno>
#include <system_error>

namespace yolodata {

namespace {

ErrorKind kind_of(int error_number) {
    switch (error_number) {
        case ENOENT:
        case ENOTDIR:
            return ErrorKind::not_found;
        case ENOSPC:
        case EDQUOT:
        case ENOMEM:
        case EMFILE:
        case ENFILE:
            return ErrorKind::resource;
        default:
            return ErrorKind::io;
    }
}

}  // namespace

void throw_errno(const std::string& action, const std::string& path, int error_number) {
    throw Error(kind_of(error_number), "cannot " + action + " " + path + ": " +
                                           std::generic_category().message(error_number));
}

}  // namespace yolodata
