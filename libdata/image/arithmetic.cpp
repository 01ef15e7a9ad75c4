// SPDX-License-Identifier: Apache-2.0
#include "arithmetic.hpp"

#include <algorithm>
#include <new>

#include "jpeg_decompressor.hpp"

namespace yolodata {
namespace {

constexpr int most_zeros = 4;

// Offset of the first marker at or behind `from`: FF and a code, neither a stuffed zero nor a fill
// byte.
std::size_t next_marker(std::span<const std::byte> bytes, std::size_t from) {
    for (std::size_t at = from; at + 1 < bytes.size(); ++at)
        if (bytes[at] == std::byte{0xFF} && bytes[at + 1] != std::byte{0} &&
            bytes[at + 1] != std::byte{0xFF})
            return at;
    return bytes.size();
}

// Reads one scan with zeros behind its data. Guarded. The row where more of them were needed than a
// whole scan needs, or −1.
int read_scan(JpegDecompressor& jpeg, std::size_t marker) {
    jpeg_decompress_struct& info = jpeg.info;
    jpeg.zeros_from(marker);
    int short_row = -1, row = 0, result = JPEG_ROW_COMPLETED;
    while (result != JPEG_SCAN_COMPLETED && result != JPEG_REACHED_EOI) {
        row = static_cast<int>(info.input_iMCU_row);
        result = jpeg_consume_input(&info);
        if (short_row < 0 && jpeg.zeros() > most_zeros) short_row = row;
    }
    jpeg.resume_at(marker);
    return short_row;
}

}  // namespace

ShortScan find_short_scan(std::span<const std::byte> bytes) {
    JpegDecompressor jpeg(bytes);
    jpeg_decompress_struct& info = jpeg.info;
    ShortScan found;
    const bool read = jpeg.guarded([&] {
        jpeg.read_header();
        info.scale_num = 1, info.scale_denom = 8;
        info.buffered_image = TRUE;
        jpeg_start_decompress(&info);
        int result = JPEG_REACHED_SOS;
        while (result == JPEG_REACHED_SOS && found.scan == 0 &&
               info.input_scan_number <= JpegDecompressor::max_scans) {
            if (info.restart_interval == 0) {
                const int scan = info.input_scan_number;
                const int short_row = read_scan(jpeg, next_marker(bytes, jpeg.offset()));
                const int row_height = info.max_v_samp_factor * DCTSIZE;
                if (short_row >= 0)
                    found = {scan,
                             std::min(short_row * row_height, static_cast<int>(info.image_height))};
            } else {
                while (jpeg_consume_input(&info) == JPEG_ROW_COMPLETED) {
                }
            }
            result = jpeg_consume_input(&info);
        }
    });
    if (!read && jpeg.error_code() == JERR_OUT_OF_MEMORY) throw std::bad_alloc();
    return found;
}

}  // namespace yolodata
