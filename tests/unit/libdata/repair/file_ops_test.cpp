// SPDX-License-Identifier: Apache-2.0
#include "file_ops.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/filesystem.hpp>

#include "../core/scratch_folder.hpp"
#include "place.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/file.hpp"

namespace yolodata {
namespace {

class FileOpsTest : public ScratchFolder {};

TEST_F(FileOpsTest, FoldersAreMadeAndRemovedAsLongAsTheyAreEmpty) {
    make_folders(at("a/b/c"));
    make_folders(at("a/b/c"));
    put("a/x", "");
    remove_empty_parents(at("a/b/c"), folder);
    EXPECT_TRUE(status_of(at("a")));
    EXPECT_FALSE(status_of(at("a/b")));
    EXPECT_THROW(make_folders(at("a/x/y")), Error);
}

TEST_F(FileOpsTest, ANewFileIsDressedLikeTheOldOne) {
    put("old", "old");
    ASSERT_EQ(::chmod(at("old").c_str(), 0640), 0);
    const std::string text = "new";
    write_new(at("new"), std::as_bytes(std::span(text.data(), text.size())), *status_of(at("old")));
    EXPECT_EQ(status_of(at("new"))->st_mode & 07777, 0640u);
    put_in_place(at("new"), at("old"));
    EXPECT_EQ(read_text_file(at("old")), "new");
    EXPECT_THROW(write_new(at("old"), {}, *status_of(at("old"))), Error);
}

TEST_F(FileOpsTest, NothingIsReplacedUnlessAsked) {
    put("a", "a");
    put("b", "b");
    EXPECT_THROW(move_entry(at("a"), at("b"), at("t"), false), Error);
    EXPECT_EQ(read_text_file(at("b")), "b");
    move_entry(at("a"), at("b"), at("t"), true);
    EXPECT_EQ(read_text_file(at("b")), "a");
}

// /dev/shm is a file system of its own nearly everywhere.
TEST_F(FileOpsTest, BetweenFileSystems) {
    struct stat here, there;
    if (::stat("/dev/shm", &there) != 0 || ::access("/dev/shm", W_OK) != 0 ||
        ::stat(folder.c_str(), &here) != 0 || here.st_dev == there.st_dev)
        GTEST_SKIP() << "no second file system at /dev/shm";
    const std::string far = "/dev/shm/yolodata-file-ops-" + std::to_string(::getpid());
    make_folders(far);
    put("a", "content");
    ASSERT_EQ(::chmod(at("a").c_str(), 0604), 0);
    set_mtime(at("a"), 1'600'000'000'123'456'789);
    ASSERT_EQ(::symlink("nowhere", at("link").c_str()), 0);

    keep_old(at("a"), far + "/kept");
    EXPECT_EQ(read_text_file(far + "/kept"), "content");
    move_entry(at("a"), far + "/a", far + "/t", false);
    EXPECT_FALSE(status_of(at("a")));
    move_entry(far + "/a", at("a"), at("t"), false);
    EXPECT_EQ(status_of(at("a"))->st_mode & 07777, 0604u);
    EXPECT_EQ(mtime_of(*status_of(at("a"))), 1'600'000'000'123'456'789);
    move_entry(at("link"), far + "/link", far + "/t", false);
    EXPECT_TRUE(S_ISLNK(status_of(far + "/link")->st_mode));
    EXPECT_THROW(move_entry(far + "/kept", at("a"), at("t"), false), Error);
    EXPECT_FALSE(status_of(at("t")) || status_of(far + "/t"));
    boost::filesystem::remove_all(far);
}

}  // namespace
}  // namespace yolodata
