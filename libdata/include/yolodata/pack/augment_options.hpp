// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "yolodata/augment/variant.hpp"

namespace yolodata::pack {

/// One number of VariantOptions as an augment file names it (schemas/augment.schema.json).
struct AugmentField {
    const char* name;
    double VariantOptions::* member;
    double min, max;
};

std::span<const AugmentField> augment_fields();

/// All options as a JSON object, for index.json: the same options give the same text.
std::string to_json(const VariantOptions& options);

/// Batch that a variant's partners are drawn for: from min(N, 8 · 16, 1000) positions before.
inline constexpr int variant_batch = 16;

}  // namespace yolodata::pack
