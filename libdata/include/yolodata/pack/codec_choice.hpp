// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace yolodata::pack {

/// What reading a set back would cost with either codec: measured on this machine, for --codec auto.
struct CodecCosts {
    double images = 0;
    double raw_bytes = 0, jpeg_bytes = 0;  ///< mean of a record, from a sample
    double decode_seconds = 0;             ///< of one record's JPEG, one thread
    double read_bytes_per_second = 0;      ///< of the file system of OUT, its cache avoided; 0 = unknown
    double memory_bytes = 0;               ///< that the page cache may take
    int threads = 1;                       ///< that decode beside each other
};

/// Images a second that could be read with each codec, and which is chosen: the faster, raw where they are near. A set
/// whose raw pixels fit into half of the memory is read from the page cache, where raw wins.
struct CodecChoice {
    std::string codec;  ///< raw | jpeg
    CodecCosts costs;
    double raw_rate = 0, jpeg_rate = 0;  ///< images/s from the disk; raw_rate infinite from the page cache
    bool cached = false;                 ///< the raw set fits into the page cache
};
CodecChoice choose_codec(const CodecCosts& costs);

}  // namespace yolodata::pack
