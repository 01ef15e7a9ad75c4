// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace yolotrain {

/// Lets all CPU tensors of the process that are made from here on take large blocks from one arena, which keeps
/// what they give back. LibTorch has one allocator a process, so this is for a program's main to decide, before
/// other threads make tensors; a second call changes nothing. Memory that the system refuses is
/// yolodata::Error(resource), as in every other place.
void use_tensor_arena();
bool has_tensor_arena();

/// Of the arena; zeros without one.
struct TensorMemory {
    std::size_t in_use = 0, held = 0, peak_in_use = 0;  ///< bytes
};
TensorMemory tensor_memory();
/// Counts the peak from here on.
void reset_peak_tensor_memory();

/// Gives free memory of the arena back to the system: between phases whose tensors have other sizes. Without an
/// arena nothing happens. Thread-safe.
void release_free_tensor_memory();

}  // namespace yolotrain
