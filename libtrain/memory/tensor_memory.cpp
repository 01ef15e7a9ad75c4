// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/memory/tensor_memory.hpp"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <fmt/format.h>
#include <torch/version.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "memory/arena.hpp"

namespace yolotrain {

namespace {

constexpr std::size_t kLarge = std::size_t{64} << 10;  ///< smaller blocks are malloc's, which is good at them
constexpr std::size_t kAlignment = 64;

/// Lives as long as the process: tensors of static storage are given back after main has ended.
Arena& arena() {
    static Arena* const instance = new Arena;
    return *instance;
}
bool installed = false;

void release(void* block) {
    const bool aligned = reinterpret_cast<std::uintptr_t>(block) % Arena::page == 0;
    if (aligned && arena().release(block)) return;
    std::free(block);
}

void* take(std::size_t bytes) {
    if (bytes == 0) return nullptr;
    void* block = bytes >= kLarge ? arena().allocate(bytes)
                                  : std::aligned_alloc(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
    if (block != nullptr) return block;
    const Arena::Use use = arena().use();
    throw TensorMemoryRefused(fmt::format("out of memory: a tensor of {} bytes was refused beside {} MiB in use; a "
                                          "smaller --batch or --imgsz needs less",
                                          bytes, use.in_use >> 20));
}

class TensorAllocator final : public c10::Allocator {
   public:
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 2)
    c10::DataPtr allocate(std::size_t bytes) override { return make(bytes); }
#else
    c10::DataPtr allocate(std::size_t bytes) const override { return make(bytes); }
#endif
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 3)
    void copy_data(void* to, const void* from, std::size_t bytes) const override { std::memcpy(to, from, bytes); }
#endif
    c10::DeleterFnPtr raw_deleter() const override { return release; }

   private:
    static c10::DataPtr make(std::size_t bytes) {
        void* block = take(bytes);
        return {block, block, release, c10::Device(c10::DeviceType::CPU)};
    }
};

}  // namespace

void use_tensor_arena() {
    static auto* const allocator = new TensorAllocator;  // LibTorch keeps the pointer past the end of main
    c10::SetCPUAllocator(allocator, /*priority=*/1);
    installed = true;
}

bool has_tensor_arena() {
    return installed;
}

void reset_peak_tensor_memory() {
    if (installed) arena().reset_peak();
}

TensorMemory tensor_memory() {
    const Arena::Use use = installed ? arena().use() : Arena::Use{};
    return {use.in_use, use.held, use.peak_in_use};
}

void release_free_tensor_memory() {
    if (installed) arena().trim();
}

}  // namespace yolotrain
