// SPDX-License-Identifier: Apache-2.0
#include "check_and_decode.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = fuzz::bytes(data, size);
    if (yolodata::detect_format(bytes) != yolodata::Format::jpeg) return 0;
    fuzz::check_and_decode(bytes);
    return 0;
}
