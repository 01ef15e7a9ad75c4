// SPDX-License-Identifier: Apache-2.0
#include "picture_edit.hpp"

#include <algorithm>

namespace yolodata {

namespace {

bool passes(const ImageReport& before, const ImageReport& after) {
    return after.whole && after.width == before.width && after.height == before.height &&
           std::none_of(after.issues.begin(), after.issues.end(), [](const ImageIssue& issue) {
               return issue.severity == Severity::error || issue.rule == ImageRule::missing_eoi ||
                      issue.rule == ImageRule::trailing_data;
           });
}

}  // namespace

std::optional<Splice> edit_picture(std::span<const std::byte> bytes, Fix fix,
                                   const CheckOptions& options) {
    const ImageReport before = check_image(bytes, options);
    Splice splice;
    if (fix == Fix::append_eoi) {
        splice = {bytes.size(), 0, "\xFF\xD9"};
    } else {
        if (before.end == 0 || before.end >= bytes.size()) return std::nullopt;
        splice = {before.end, bytes.size() - before.end, ""};
    }
    const ImageReport after = check_image(apply_splices(bytes, {splice}), options);
    return passes(before, after) ? std::optional(splice) : std::nullopt;
}

}  // namespace yolodata
