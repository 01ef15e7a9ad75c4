// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/memory/tensor_memory.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace yolotrain {
namespace {

TEST(TensorMemory, IsTheArenas) {
    at::Tensor before = at::ones({1 << 20});  // LibTorch's own, given back later
    use_tensor_arena();
    use_tensor_arena();
    const std::size_t start = tensor_memory().in_use;
    at::Tensor large = at::ones({1 << 20}), small = at::ones({3}), none = at::empty({0});
    EXPECT_EQ(tensor_memory().in_use, start + (4U << 20));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(small.data_ptr()) % 64, 0U);
    EXPECT_EQ((large + before).sum().item<double>(), 2 << 20);
    before.reset();
    large.resize_({1 << 21}).fill_(2);
    EXPECT_EQ(large.sum().item<double>(), 1 << 22);
    large.reset();
    EXPECT_EQ(tensor_memory().in_use, start);
    EXPECT_GT(tensor_memory().held, start);
    release_free_tensor_memory();
    EXPECT_LE(tensor_memory().held, tensor_memory().in_use);
}

TEST(TensorMemory, ThatTheSystemRefusesIsAnError) {
    use_tensor_arena();
    EXPECT_THROW((void)at::empty({std::int64_t{1} << 50}, at::kByte), TensorMemoryRefused);
    EXPECT_EQ(at::ones({1000}).sum().item<double>(), 1000);
}

}  // namespace
}  // namespace yolotrain
