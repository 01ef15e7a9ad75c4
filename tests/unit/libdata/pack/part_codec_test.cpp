// SPDX-License-Identifier: Apache-2.0
#include "pack/part_codec.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>

#include "drawn_folder.hpp"
#include "yolodata/core/error.hpp"

namespace yolodata::pack {
namespace {

TEST(PartCodec, TheFirstChoiceCounts) {
    const testing::DrawnFolder folder;
    const std::string out = folder / "out";
    shard::SetOptions options;
    EXPECT_FALSE(agreed_codec(out, 3, options));
    EXPECT_EQ(agree_on_codec(out, 3, options, "jpeg"), "jpeg");
    EXPECT_EQ(agree_on_codec(out, 3, options, "raw"), "jpeg");
    EXPECT_EQ(agreed_codec(out, 3, options), "jpeg");
    // Other parts, and other options, choose for themselves.
    EXPECT_FALSE(agreed_codec(out, 4, options));
    options.imgsz = 320;
    EXPECT_EQ(agree_on_codec(out, 3, options, "raw"), "raw");
    // Nothing is left beside.
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(out + "/.parts")) files += entry.path().filename().string().starts_with("codec-of-3");
    EXPECT_EQ(files, 2);
}

TEST(PartCodec, WithoutHardLinksTheFirstChoiceCountsToo) {
    const testing::DrawnFolder folder;
    const Link none = [](const char*, const char*) { return errno = EPERM, -1; };
    EXPECT_EQ(agree_on_codec(folder / "out", 3, {}, "jpeg", none), "jpeg");
    EXPECT_EQ(agree_on_codec(folder / "out", 3, {}, "raw", none), "jpeg");
    EXPECT_EQ(agree_on_codec(folder / "out", 3, {}, "raw"), "jpeg");
}

TEST(PartCodec, ADamagedChoiceIsNamed) {
    const testing::DrawnFolder folder;
    folder.write("out/.parts/codec-of-2-640-95", "jp");
    try {
        agreed_codec(folder / "out", 2, {});
        ADD_FAILURE() << "read it";
    } catch (const Error& e) {
        EXPECT_EQ(e.kind(), ErrorKind::corrupt);
        EXPECT_NE(std::string(e.what()).find("codec-of-2-640-95"), std::string::npos) << e.what();
    }
}

}  // namespace
}  // namespace yolodata::pack
