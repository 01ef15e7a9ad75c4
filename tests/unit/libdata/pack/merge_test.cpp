// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "drawn_folder.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/pack/pack.hpp"
#include "yolodata/shard/reader.hpp"
#include "yolodata/shard/staging.hpp"

namespace yolodata::pack {
namespace {

using testing::DrawnFolder;

/// Two parts in OUT; what they were packed from.
PackOptions pack_two(const DrawnFolder& folder) {
    for (int i = 0; i < 6; ++i) folder.write("images/train/" + std::to_string(i) + ".png", encode_png(testing::drawn_picture(40 + i, 30)));
    PackOptions options;
    options.set.imgsz = 48;
    options.parts = 2;
    for (options.part = 1; options.part <= 2; ++options.part) pack(folder.open(), folder / "out", options);
    return options;
}

/// Another process packs that part.
class Busy {
   public:
    explicit Busy(const std::string& part) : fd_(::open((part + "/.pack.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) { ::flock(fd_, LOCK_EX); }
    ~Busy() { ::close(fd_); }
    Busy(const Busy&) = delete;

   private:
    int fd_;
};

TEST(Merge, APartThatIsBeingPackedIsRefused) {
    const DrawnFolder folder;
    pack_two(folder);
    {
        const Busy busy(folder / "out/.parts/2-of-2");
        EXPECT_THROW(merge(folder / "out", false), shard::Occupied);
        EXPECT_FALSE(shard::is_shard_set(folder / "out"));
    }
    EXPECT_TRUE(merge(folder / "out", false).not_removed.empty());
    EXPECT_FALSE(std::filesystem::exists(folder / "out/.parts"));
}

TEST(Merge, SaysWhatItCouldNotRemove) {
    const DrawnFolder folder;
    pack_two(folder);
    std::optional<Busy> busy;
    const PackReport report = merge(folder / "out", false, [&](std::uint64_t, std::uint64_t) {
        if (!busy) busy.emplace(folder / "out/.parts/2-of-2");
        return true;
    });
    ASSERT_EQ(report.not_removed.size(), 1u);
    EXPECT_NE(report.not_removed[0].find("2-of-2 is being written by another process"), std::string::npos) << report.not_removed[0];
    EXPECT_TRUE(shard::is_shard_set(folder / "out"));
    EXPECT_FALSE(std::filesystem::exists(folder / "out/.parts/1-of-2"));
}

TEST(Merge, APartThatWasPackedAnewMeanwhileStays) {
    const DrawnFolder folder;
    PackOptions options = pack_two(folder);
    folder.write("images/train/5.png", encode_png(testing::drawn_picture(48, 48)));
    const Dataset changed = folder.open();
    options.part = 2;
    options.overwrite = true;
    bool packed = false;
    const PackReport report = merge(folder / "out", false, [&](std::uint64_t done, std::uint64_t total) {
        if (done == total && !packed) packed = true, pack(changed, folder / "out", options);
        return true;
    });
    ASSERT_EQ(report.not_removed.size(), 1u);
    EXPECT_NE(report.not_removed[0].find("2-of-2: was packed anew"), std::string::npos) << report.not_removed[0];
    EXPECT_TRUE(shard::is_shard_set(folder / "out/.parts/2-of-2"));
}

TEST(Merge, LeavesPartsOfAnotherNumberAlone) {
    const DrawnFolder folder;
    pack_two(folder);
    folder.write("out/.parts/codec-of-2-640-95", "raw\n");
    folder.write("out/.parts/codec-of-20-640-95", "raw\n");
    folder.write("out/.parts/plain-of-2-0123/x", "");
    folder.write("out/.parts/plain-of-20-0123/x", "");
    EXPECT_TRUE(merge(folder / "out", false).not_removed.empty());
    EXPECT_FALSE(std::filesystem::exists(folder / "out/.parts/codec-of-2-640-95"));
    EXPECT_FALSE(std::filesystem::exists(folder / "out/.parts/plain-of-2-0123"));
    EXPECT_TRUE(std::filesystem::exists(folder / "out/.parts/codec-of-20-640-95"));
    EXPECT_TRUE(std::filesystem::exists(folder / "out/.parts/plain-of-20-0123/x"));
}

}  // namespace
}  // namespace yolodata::pack
