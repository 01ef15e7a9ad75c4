// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "yolodata/augment/variant.hpp"

namespace tools {

/// Augmentation of variants from a JSON or YAML file (schemas/augment.schema.json); what it does not name keeps its
/// default. Throws UsageError with file, line and remedy for an unknown key or a value out of range.
yolodata::VariantOptions read_augment_file(const std::string& path);

}  // namespace tools
