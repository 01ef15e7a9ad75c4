// SPDX-License-Identifier: Apache-2.0
#include "pack/plain_pictures.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "drawn_folder.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/pack/pack.hpp"

namespace yolodata::pack {
namespace {

using testing::drawn_picture;
using testing::DrawnFolder;

PackOptions small(std::uint64_t shard_bytes = 1 << 20) {
    PackOptions options;
    options.set.imgsz = 48;
    options.set.shard_bytes = shard_bytes;
    options.overwrite = true;
    return options;
}

void draw(const DrawnFolder& folder, int images, int kind = 0) {
    for (int i = 0; i < images; ++i) folder.write("images/train/" + std::to_string(100 + i) + ".png", encode_png(drawn_picture(48, 30, kind + i % 4)));
}

template <class Call>
void expect_changed(const Call& call) {
    try {
        call();
        ADD_FAILURE() << "went through";
    } catch (const Error& e) {
        EXPECT_EQ(e.kind(), ErrorKind::forbidden_state) << e.what();
        EXPECT_NE(std::string(e.what()).find("its pictures changed while variants were made of them; run it again"), std::string::npos) << e.what();
    }
}

TEST(PlainPictures, AreNotReadOnceAnotherSetStandsThere) {
    const DrawnFolder folder;
    draw(folder, 6);
    const std::string out = folder / "out";
    const shard::SetIndex index = pack(folder.open(), out, small()).index;
    const PlainPictures plain({{out, index}}, index.source_digest);
    EXPECT_NO_THROW(plain.check_unchanged());
    const PlainSplit open = plain.open("train");
    const std::vector<std::uint8_t> before = open.scene(2).image.rgb;

    draw(folder, 6, 2);
    pack(folder.open(), out, small());
    expect_changed([&] { plain.check_unchanged(); });
    expect_changed([&] { plain.open("train"); });
    EXPECT_EQ(open.scene(2).image.rgb, before);  // what was open is read as it was

    std::filesystem::remove(out + "/index.json");
    expect_changed([&] { plain.check_unchanged(); });
    expect_changed([&] { plain.open("train"); });
}

/// As long as it lives, so many files may be open, those that are open already included.
class FileLimit {
   public:
    explicit FileLimit(rlim_t files) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const struct rlimit low{files, before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &low);
    }
    ~FileLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    FileLimit(const FileLimit&) = delete;

   private:
    struct rlimit before_;
};

TEST(PlainPictures, OfManySetsDoNotUseUpTheFiles) {
    const DrawnFolder folder;
    draw(folder, 20);
    const shard::SetIndex index = pack(folder.open(), folder / "out", small(20'000)).index;
    ASSERT_GT(index.shards.size(), 4u);
    ASSERT_LT(index.shards.size(), 32u);  // one set alone may keep its files open
    const std::vector<PlainSet> sets(20, {folder / "out", index});
    const FileLimit limit(64);
    const PlainPictures plain(sets, index.source_digest);
    const PlainSplit split = plain.open("train");
    ASSERT_EQ(split.size(), 400u);
    for (std::uint64_t i = 0; i < split.size(); i += 7) EXPECT_EQ(split.scene(i).image.width, 48);
}

}  // namespace
}  // namespace yolodata::pack
