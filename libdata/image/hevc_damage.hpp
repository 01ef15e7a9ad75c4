// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "heif_file.hpp"

namespace yolodata {

/// What libde265 noticed while it decoded the pictures, in its words; empty = nothing, or it is not
/// installed. libheif, which decodes by it too, keeps this to itself: of 160 single wrong bits in
/// the coded data it reported none, libde265 noticed 153. Needs the memory of one of the pictures.
/// Thread-safe. Throws std::bad_alloc.
std::string hevc_damage(std::span<const HevcPicture> pictures);

}  // namespace yolodata
