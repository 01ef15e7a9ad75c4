// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "yolodata/augment/hsv.hpp"

namespace yolodata {

/// What the gains make of each 8-bit value: hue modulo 180, the others cut at 255, all rounded
/// down.
struct HsvTables {
    std::array<std::uint8_t, 256> hue, saturation, value;
};

HsvTables make_hsv_tables(const HsvGains& gains);

}  // namespace yolodata
