// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "yolodata/image/format.hpp"

namespace yolodata {

/// The path with the usual suffix of the format in place of its own; as it is for a format without
/// one that trainers read.
std::string with_suffix_of(const std::string& path, Format format);

}  // namespace yolodata
