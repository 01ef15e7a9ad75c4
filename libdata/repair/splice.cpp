// SPDX-License-Identifier: Apache-2.0
#include "yolodata/repair/plan.hpp"

namespace yolodata {

std::vector<std::byte> apply_splices(std::span<const std::byte> content,
                                     const std::vector<Splice>& splices) {
    std::vector<std::byte> out;
    out.reserve(content.size() + 64);
    std::size_t at = 0;
    const auto append = [&out](std::span<const std::byte> bytes) {
        out.insert(out.end(), bytes.begin(), bytes.end());
    };
    for (const Splice& splice : splices) {
        append(content.subspan(at, splice.offset - at));
        append(std::as_bytes(std::span(splice.text.data(), splice.text.size())));
        at = splice.offset + splice.length;
    }
    append(content.subspan(at));
    return out;
}

}  // namespace yolodata
