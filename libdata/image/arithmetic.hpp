// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

namespace yolodata {

/// A scan of an arithmetic-coded JPEG whose data ends before its rows do.
struct ShortScan {
    int scan = 0;  ///< from 1; 0 = there is none
    int row = 0;   ///< first row of the picture that is not decoded whole, from 0
};

/// libjpeg's arithmetic decoder feeds itself zeros where the data of a scan ends, without a word,
/// because coders leave out zeros at the end (ITU-T T.81, D.1.8). This decodes again and counts
/// them: a decoder reads two bytes ahead, and by chance a coder leaves out one or two more. Scans
/// with restart intervals are passed over; there libjpeg itself misses the markers.
ShortScan find_short_scan(std::span<const std::byte> bytes);

}  // namespace yolodata
