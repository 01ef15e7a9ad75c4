// SPDX-License-Identifier: Apache-2.0
#include "yolodata/core/atomic_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "scratch_folder.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/file.hpp"

namespace yolodata {
namespace {

class AtomicFileTest : public ScratchFolder {
 protected:
    std::size_t entries() const {
        return static_cast<std::size_t>(
            std::distance(boost::filesystem::directory_iterator(folder), {}));
    }
};

TEST_F(AtomicFileTest, AppearsOnCommitOnly) {
    AtomicFile file(at("f"));
    file.write("hello");
    EXPECT_FALSE(boost::filesystem::exists(at("f")));
    EXPECT_EQ(file.size(), 5u);
    file.commit();
    EXPECT_EQ(read_text_file(at("f")), "hello");
    EXPECT_EQ(entries(), 1u);
}

TEST_F(AtomicFileTest, UncommittedLeavesTheOldFileAndNoTrace) {
    put("f", "old");
    {
        AtomicFile file(at("f"));
        file.write("new");
    }
    EXPECT_EQ(read_text_file(at("f")), "old");
    EXPECT_EQ(entries(), 1u);
}

TEST_F(AtomicFileTest, ReplacesAndKeepsPermissions) {
    put("f", "old");
    ASSERT_EQ(::chmod(at("f").c_str(), 0640), 0);
    write_file_atomically(at("f"), "new");
    EXPECT_EQ(read_text_file(at("f")), "new");
    struct stat st;
    ASSERT_EQ(::stat(at("f").c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 07777, 0640u);
}

TEST_F(AtomicFileTest, WritesThroughALink) {
    put("target", "old");
    ASSERT_EQ(::symlink("target", at("link").c_str()), 0);
    write_file_atomically(at("link"), "new");
    EXPECT_EQ(read_text_file(at("target")), "new");
    EXPECT_TRUE(boost::filesystem::is_symlink(at("link")));
}

TEST_F(AtomicFileTest, DevicesAreWrittenNotReplaced) {
    write_file_atomically("/dev/null", "x");
    struct stat st;
    ASSERT_EQ(::stat("/dev/null", &st), 0);
    EXPECT_TRUE(S_ISCHR(st.st_mode));
}

TEST_F(AtomicFileTest, WriteAtOverwritesEarlierBytes) {
    AtomicFile file(at("f"));
    file.write("....body");
    file.write_at(0, std::as_bytes(std::span("HEAD", 4)));
    file.write("!");
    file.commit();
    EXPECT_EQ(read_text_file(at("f")), "HEADbody!");
}

TEST_F(AtomicFileTest, FullDiskIsAnErrorAndPublishesNothing) {
    EXPECT_THROW(AtomicFile("/dev/full").write("x"), Error);
    EXPECT_THROW(AtomicFile(at("absent/f")), Error);
    EXPECT_THROW(AtomicFile{folder}, Error);
}

}  // namespace
}  // namespace yolodata
