// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "yolotrain/run/train_options.hpp"

namespace yolotrain {

/// The text of args.yaml: one `key: value` a line, as --config reads it. Empty values are null; what YAML
/// would not read back as the same text is quoted.
std::string args_yaml(const Args& args);

}  // namespace yolotrain
