// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "../support.hpp"
#include "yolodata/core/error.hpp"

namespace yolotrain {
namespace {

using namespace test;
using yolodata::ErrorKind;

/// A file of this header and so many zero bytes of data.
std::string make_file(const std::string& header, std::size_t data_bytes,
                      std::uint64_t stated_length) {
    std::string bytes(8, '\0');
    std::memcpy(bytes.data(), &stated_length, 8);
    return bytes + header + std::string(data_bytes, '\0');
}

/// The message with which reading is refused; the kind must be `corrupt`.
std::string refusal(const std::string& bytes) {
    const TemporaryFolder folder;
    const auto path = folder.file("w.safetensors");
    std::ofstream(path, std::ios::binary) << bytes;
    try {
        read_safetensors(path);
    } catch (const yolodata::Error& e) {
        EXPECT_EQ(e.kind(), ErrorKind::corrupt) << e.what();
        EXPECT_EQ(std::string(e.what()).rfind(path, 0), 0U) << "the message begins with the path";
        return e.what();
    }
    return "read without complaint";
}

std::string refusal(const std::string& header, std::size_t data_bytes) {
    return refusal(make_file(header, data_bytes, header.size()));
}

const std::string a = R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})";

TEST(Safetensors, RoundTripKeepsBitsTypesShapesAndMetadata) {
    const TemporaryFolder folder;
    const auto path = folder.file("t.safetensors");
    TensorFile file;
    file.metadata["names"] = "{\"0\":\"ä\"}";
    file.tensors = {
        {"strided", at::randn({3, 4}).t()},
        {"scalar", at::scalar_tensor(7, at::kLong)},
        {"half", at::randn({5}).to(at::kHalf)},
        {"nan", at::full({2}, std::nan(""))},
        {"empty", at::empty({0, 3})},
        {"bytes", at::arange(9, at::kByte)},
        {"flag", at::ones({3}, at::kBool)},
        {"channels_last", at::randn({2, 3, 4, 5}).contiguous(at::MemoryFormat::ChannelsLast)}};
    write_safetensors(path, file);
    const auto back = read_safetensors(path);
    EXPECT_EQ(back.metadata.at("names"), file.metadata["names"]);
    EXPECT_TRUE(back.metadata.at("digest").starts_with("sha256:"));
    ASSERT_EQ(back.tensors.size(), file.tensors.size());
    std::map<std::string, at::Tensor> by_name;
    for (const auto& [name, tensor] : back.tensors) by_name[name] = tensor;
    for (const auto& [name, tensor] : file.tensors) {
        ASSERT_TRUE(by_name.contains(name));
        EXPECT_EQ(by_name[name].scalar_type(), tensor.scalar_type()) << name;
        EXPECT_TRUE(name == "nan" ? by_name[name].isnan().all().item<bool>()
                                  : at::equal(by_name[name], tensor))
            << name;
    }
}

TEST(Safetensors, AChangedByteIsNoticed) {
    const TemporaryFolder folder;
    const auto path = folder.file("t.safetensors");
    write_safetensors(path, {{{"a", at::ones({100})}}, {}});
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-5, std::ios::end);
    file.put('x');
    file.close();
    try {
        read_safetensors(path);
        FAIL();
    } catch (const yolodata::Error& e) {
        EXPECT_EQ(e.kind(), ErrorKind::corrupt);
        EXPECT_NE(std::string(e.what()).find("SHA-256"), std::string::npos);
    }
}

TEST(Safetensors, HostileHeadersAreRefused) {
    auto has = [](const std::string& message, const std::string& part) {
        EXPECT_NE(message.find(part), std::string::npos) << message;
    };
    EXPECT_EQ(refusal("{" + a + "}", 8), "read without complaint");
    // Length fields.
    has(refusal(std::string("abc")), "shorter than 8 bytes");
    has(refusal(make_file("{}", 0, 1ULL << 62)), "header of");
    has(refusal(make_file("{}", 0, ~0ULL)), "header of");
    has(refusal(make_file("{}", 0, 3)), "header of");
    has(refusal("", 0), "does not begin");
    has(refusal(" {}", 0), "does not begin");
    has(refusal("{", 0), "no JSON");
    has(refusal("{\"a\":1} x", 0), "no JSON");
    has(refusal(std::string(200000, '{'), 0), "no JSON");
    has(refusal("{\"a\":" + std::string(100000, '[') + std::string(100000, ']') + "}", 0),
        "too deep");
    // Entries.
    has(refusal("{" + a + "," + a + "}", 8), "stands twice");
    has(refusal(R"({"a":{"dtype":"F32","dtype":"F16","shape":[2],"data_offsets":[0,8]}})", 8),
        "stands twice");
    has(refusal(R"({"a":3})", 0), "an entry has");
    has(refusal(R"({"a":{"dtype":"F32","shape":[2]}})", 0), "an entry has");
    has(refusal(R"({"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}})", 8), "unknown type");
    has(refusal(R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", 8),
        "no whole number");
    has(refusal(R"({"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}})", 8),
        "no whole number");
    has(refusal(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0),
        "too large");
    has(refusal(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8),
        "do not fit its shape");
    has(refusal(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", 8),
        "do not fit its shape");
    // Layout.
    has(refusal("{" + a + R"(,"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})", 12),
        "inside the one before");
    has(refusal("{" + a + R"(,"b":{"dtype":"F32","shape":[2],"data_offsets":[12,20]}})", 20),
        "after a hole");
    has(refusal(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})", 12), "after a hole");
    has(refusal("{" + a + "}", 7), "truncated");
    has(refusal("{" + a + "}", 9), "follow the last tensor");
    has(refusal(R"({"__metadata__":{"a":1}})", 0), "is no string");
    has(refusal(R"({"__metadata__":[]})", 0), "no object");
}

TEST(Safetensors, EveryTruncationOfAFileIsRefused) {
    const TemporaryFolder folder;
    const auto path = folder.file("t.safetensors");
    write_safetensors(path,
                      {{{"a", at::ones({4})}, {"b", at::ones({2}, at::kLong)}}, {{"k", "v"}}});
    std::ifstream in(path, std::ios::binary);
    const std::string whole((std::istreambuf_iterator<char>(in)), {});
    for (std::size_t n = 0; n < whole.size(); ++n) {
        EXPECT_NE(refusal(whole.substr(0, n)), "read without complaint")
            << n << " of " << whole.size();
    }
}

TEST(Safetensors, WhatIsNoRegularFileIsRefusedAtOnce) {
    const TemporaryFolder folder;
    EXPECT_THROW(read_safetensors(folder.file("none")), yolodata::Error);
    EXPECT_THROW(read_safetensors(folder.file("")), yolodata::Error);
    const auto fifo = folder.file("fifo");
    ASSERT_EQ(std::system(("mkfifo " + fifo).c_str()), 0);
    EXPECT_THROW(read_safetensors(fifo), yolodata::Error);
}

}  // namespace
}  // namespace yolotrain
