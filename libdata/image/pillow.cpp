// SPDX-License-Identifier: Apache-2.0
#include "pillow.hpp"

#include <vector>

#include "jpeg_decompressor.hpp"

namespace yolodata {
namespace {

constexpr std::size_t piece = 65536;

// Calls step() until it succeeds, with another piece of the input each time it has to wait.
template <class Step>
bool wait_for(JpegDecompressor& jpeg, Step step) {
    while (!step())
        if (!jpeg.extend(piece)) return false;
    return true;
}

}  // namespace

bool pillow_loads_jpeg(std::span<const std::byte> bytes) {
    JpegDecompressor jpeg(bytes);
    jpeg.suspend_after(piece);
    std::vector<JSAMPLE> row;
    jpeg_decompress_struct& info = jpeg.info;
    bool ready = false, complete = false;
    const bool started = jpeg.guarded([&] {
        if (!wait_for(jpeg, [&] { return jpeg_read_header(&info, TRUE) != JPEG_SUSPENDED; }))
            return;
        info.scale_num = 1, info.scale_denom = 8;  // what is read from the file stays the same
        info.do_fancy_upsampling = FALSE;
        ready = wait_for(jpeg, [&] { return jpeg_start_decompress(&info) == TRUE; });
    });
    if (!started || !ready) return false;
    row.resize(std::size_t{info.output_width} * static_cast<std::size_t>(info.output_components));
    JSAMPROW line = row.data();
    const bool read = jpeg.guarded([&] {
        complete = wait_for(jpeg, [&] {
            while (info.output_scanline < info.output_height)
                if (jpeg_read_scanlines(&info, &line, 1) == 0) return false;
            return true;
        });
    });
    return read && complete;
}

}  // namespace yolodata
