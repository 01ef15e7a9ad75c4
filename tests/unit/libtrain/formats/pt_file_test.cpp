// SPDX-License-Identifier: Apache-2.0
#include "formats/pt_file.hpp"

#include <cstring>
#include <map>

#include "formats/checkpoint.hpp"
#include "support.hpp"

namespace yolotrain::formats {
namespace {

using namespace test;

/// Every tensor of a file, by name, as raw bytes.
std::map<std::string, std::string> read_all(const std::string& content) {
    const MemorySource source(bytes(content));
    PtFile file(source, "w.pt");
    std::map<std::string, std::string> out;
    std::vector<NodeId> all;
    for (const auto& item : find_state_dict(file.pickle(), "w.pt").items) {
        all.push_back(item.tensor);
    }
    file.require_proportion(all);
    for (const auto& item : find_state_dict(file.pickle(), "w.pt").items) {
        const auto index = static_cast<std::size_t>(file.pickle().at(item.tensor).integer);
        const TensorRef& tensor = file.pickle().tensors[index];
        std::string raw(PtFile::bytes_of(file.pickle(), tensor), '\0');
        file.read(tensor, std::as_writable_bytes(std::span(raw)));
        out[item.name] = raw;
    }
    return out;
}

std::string refused(const std::string& content) {
    return refusal([&] { (void)read_all(content); });
}

template <typename T>
std::vector<T> values(const std::string& raw) {
    std::vector<T> out(raw.size() / sizeof(T));
    std::memcpy(out.data(), raw.data(), raw.size());
    return out;
}

TEST(PtFile, ViewsAndTypesAreReadExactly) {
    for (const char* name : {"odd-tensors.pt", "deflated.pt", "protocol-4.pt"}) {
        auto t = read_all(vector_file(name));
        ASSERT_EQ(t.size(), 17U) << name;
        const auto rows = values<float>(t["rows"]), turned = values<float>(t["turned"]),
                   columns = values<float>(t["columns"]);
        for (std::size_t i = 0; i < 12; ++i) {
            EXPECT_EQ(rows[i], static_cast<float>(6 + i) / 8);
            EXPECT_EQ(columns[i], static_cast<float>(i / 3 * 6 + i % 3 * 2) / 8);
        }
        for (std::size_t i = 0; i < 24; ++i) {
            EXPECT_EQ(turned[i], static_cast<float>(i % 4 * 6 + i / 4) / 8);
        }
        EXPECT_EQ(values<float>(t["scalar"]), std::vector<float>{3.5F});
        EXPECT_EQ(values<float>(t["repeated"]), (std::vector<float>{7, 7, 7}));
        EXPECT_EQ(values<double>(t["f64"]), std::vector<double>{1.0 / 3});
        EXPECT_EQ(values<std::uint16_t>(t["f16"]), (std::vector<std::uint16_t>{0, 0x3000, 0xc000}));
        EXPECT_EQ(values<std::uint16_t>(t["bf16"]),
                  (std::vector<std::uint16_t>{0, 0x3e00, 0xc000}));
        EXPECT_EQ(values<std::int64_t>(t["i64"]), (std::vector<std::int64_t>{-(1LL << 40), 5}));
        EXPECT_EQ(values<std::int16_t>(t["i16"]), (std::vector<std::int16_t>{-300, 300}));
        EXPECT_EQ(t["bool"], std::string("\1\0", 2));
        EXPECT_EQ(t["empty"], "");
        EXPECT_EQ(values<float>(t["parameter"]), (std::vector<float>{1, 2}));
    }
}

TEST(PtFile, WhatIsNoSuchFileIsNamed) {
    expect_has(refused("{}"), "neither a safetensors file nor one of torch.save");
    const std::string legacy("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e.", 16);
    expect_has(refused(legacy), "save it again in Python: torch.save(torch.load(");
    expect_has(refused(vector_file("beyond.pt")), "3 elements reaches beyond its storage of 2");
    expect_has(refused(vector_file("no-storage.pt")), "storage 0 has 4 bytes, not 2 elements");
    expect_has(refused(vector_file("no-tensors.pt")), "holds no weights");
    expect_has(refused(vector_file("runs-code.pt")), "refuses posix.system: this file would run");
    expect_has(refused(vector_file("program.pt")), "TorchScript");
    expect_has(refused(vector_file("big-endian.pt")), "big-endian");
}

TEST(PtFile, KindsAreToldByContent) {
    const auto is_pt = [](const std::string& content, const std::string& path) {
        return looks_like_pt(MemorySource(bytes(content)), path);
    };
    EXPECT_TRUE(is_pt(vector_file("checkpoint.pt"), "w.safetensors"));
    EXPECT_TRUE(is_pt("\x80\x02}.", "w"));
    EXPECT_TRUE(is_pt("", "w.pt"));
    EXPECT_FALSE(is_pt("", "w"));
    // A header of 640 bytes begins as a pickle does.
    const std::string header = "\x80\x02" + std::string(6, '\0') + "{}" + std::string(638, ' ');
    EXPECT_FALSE(is_pt(header, "w.pt"));
}

TEST(PtFile, ViewsThatWouldFillTheMemoryAreRefused) {
    expect_has(refused(vector_file("repeated.pt")), "tensors repeat the");
}

TEST(PtFile, SizesAreComparedWithTheRecordFirst) {
    // 2^61 numbers of 8 bytes: none, if bytes are counted in 64 bits.
    const std::string content = vector_file("vast.pt");
    const MemorySource source(bytes(content));
    const PtFile file(source, "w.pt");
    const NodeId tensor = find_state_dict(file.pickle(), "w.pt").items.at(0).tensor;
    expect_has(refusal([&] { file.require_proportion({tensor}); }),
               "storage 0 has 0 bytes, not 2305843009213693952 elements of 8");
}

TEST(PtFile, EveryTruncationIsRefused) {
    const std::string file = vector_file("checkpoint.pt");
    for (std::size_t n = 0; n < file.size(); ++n) {
        EXPECT_NE(refused(file.substr(0, n)), "accepted") << n;
    }
}

TEST(PtFile, NoChangedByteGoesUnnoticed) {
    // A change is refused, or lies where no reader looks (time stamps, versions, attributes).
    const std::string file = vector_file("checkpoint.pt");
    const auto whole = read_all(file);
    for (std::size_t n = 0; n < file.size(); ++n) {
        std::string changed = file;
        changed[n] = static_cast<char>(changed[n] ^ 0x15);
        std::map<std::string, std::string> got;
        if (refusal([&] { got = read_all(changed); }) == "accepted") {
            EXPECT_EQ(got, whole) << n;
        }
    }
}

}  // namespace
}  // namespace yolotrain::formats
