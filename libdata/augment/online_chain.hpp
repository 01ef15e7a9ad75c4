// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "yolodata/augment/online.hpp"

namespace yolodata {

/// make_training_sample() step by step, each on a whole picture by OpenCV: for what render() cannot
/// do (perspective), and the oracle of what it does.
Sample chain_training_sample(const OnlineContext& context, std::uint64_t position,
                             const AugmentOptions& options, const ViewSource& source);

}  // namespace yolodata
