// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <new>
#include <string>
#include <utility>

namespace yolotrain {

/// The system has no memory left for a tensor. Not a yolodata::Error: nothing that handles a full disk or a
/// damaged file may take it for one.
class TensorMemoryRefused : public std::bad_alloc {
   public:
    explicit TensorMemoryRefused(std::string what) : what_(std::move(what)) {}
    const char* what() const noexcept override { return what_.c_str(); }

   private:
    std::string what_;
};

/// Lets all CPU tensors of the process that are made from here on take large blocks from one arena, which keeps
/// what they give back. LibTorch has one allocator a process, so this is for a program's main to decide, before
/// other threads make tensors; a second call changes nothing. Memory that the system refuses is a
/// TensorMemoryRefused.
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
