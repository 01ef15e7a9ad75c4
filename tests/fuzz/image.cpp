// SPDX-License-Identifier: Apache-2.0
// Any format by its content: BMP, WebP, TIFF, AVIF, HEIC, and the refusal of all others.
#include "check_and_decode.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = fuzz::bytes(data, size);
    fuzz::check_and_decode(bytes);
    return 0;
}
