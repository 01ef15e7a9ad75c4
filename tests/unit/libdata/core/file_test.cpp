// SPDX-License-Identifier: Apache-2.0
#include "yolodata/core/file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "scratch_folder.hpp"
#include "yolodata/core/error.hpp"

namespace yolodata {
namespace {

using FileTest = ScratchFolder;

std::string text_of(const std::vector<std::byte>& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

ErrorKind kind_of_reading(const std::string& path, std::uint64_t limit = no_limit) {
    try {
        read_file(path, limit);
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find(path), std::string::npos) << error.what();
        return error.kind();
    }
    ADD_FAILURE() << "no error";
    return ErrorKind::corrupt;
}

TEST_F(FileTest, ReadsWhole) {
    const std::string content("a\0b\n", 4);
    EXPECT_EQ(text_of(read_file(put("f", content))), content);
    EXPECT_EQ(read_text_file(at("f")), content);
    EXPECT_TRUE(read_file(put("empty", "")).empty());
}

TEST_F(FileTest, ReadsAPrefixAndTellsTheSizeOfAll) {
    put("f", "12345");
    const Folder here(folder);
    std::vector<std::byte> bytes;
    EXPECT_EQ(here.read_prefix("f", bytes, 3).size, 5u);
    EXPECT_EQ(text_of(bytes), "123");
    EXPECT_EQ(here.read_prefix("f", bytes, 9).size, 5u);
    EXPECT_EQ(text_of(bytes), "12345");
    EXPECT_FALSE(here.read_prefix("absent", bytes, 3));
}

TEST_F(FileTest, NamesWhatIsWrong) {
    EXPECT_EQ(kind_of_reading(at("absent")), ErrorKind::not_found);
    EXPECT_EQ(kind_of_reading(folder), ErrorKind::io);
    EXPECT_EQ(kind_of_reading(put("f", "12345"), 4), ErrorKind::resource);
    EXPECT_NO_THROW(read_file(at("f"), 5));
}

TEST_F(FileTest, SpecialFilesNeverBlock) {
    ASSERT_EQ(::mkfifo(at("fifo").c_str(), 0600), 0);
    const Folder here(folder);
    std::vector<std::byte> bytes;
    EXPECT_EQ(here.read("fifo", bytes).status, ReadStatus::not_regular);
    EXPECT_EQ(here.read("/dev/zero", bytes).status, ReadStatus::not_regular);
    EXPECT_EQ(here.read(".", bytes).status, ReadStatus::not_regular);
    EXPECT_EQ(here.stream("fifo", [](auto) { FAIL(); }).status, ReadStatus::not_regular);
}

TEST_F(FileTest, LinksAreFollowedAndLoopsEnd) {
    put("target", "x");
    ASSERT_EQ(::symlink("target", at("link").c_str()), 0);
    ASSERT_EQ(::symlink("loop", at("loop").c_str()), 0);
    const Folder here(folder);
    std::vector<std::byte> bytes;
    EXPECT_TRUE(here.read("link", bytes));
    EXPECT_EQ(here.read("loop", bytes).error_number, ELOOP);
}

TEST_F(FileTest, FolderReadsRelativeAndReusesTheBuffer) {
    put("sub/large", std::string(100'000, 'x'));
    put("sub/small", "y");
    const Folder here(folder);
    std::vector<std::byte> bytes;
    EXPECT_EQ(here.read("sub/large", bytes).size, 100'000u);
    const std::byte* where = bytes.data();
    const ReadResult small = here.read("sub/small", bytes);
    EXPECT_EQ(text_of(bytes), "y");
    EXPECT_EQ(bytes.data(), where);
    EXPECT_GT(small.mtime_ns, 1'600'000'000'000'000'000);
    EXPECT_EQ(here.read("absent", bytes).error_number, ENOENT);
    EXPECT_TRUE(bytes.empty());
    EXPECT_EQ(here.status("sub/large").size, 100'000u);
}

TEST_F(FileTest, OverLimitReadsNothing) {
    put("f", "12345");
    std::vector<std::byte> bytes{std::byte{1}};
    const ReadResult result = Folder(folder).read("f", bytes, 4);
    EXPECT_EQ(result.status, ReadStatus::over_limit);
    EXPECT_EQ(result.size, 5u);
    EXPECT_TRUE(bytes.empty());
}

TEST_F(FileTest, StreamsInPieces) {
    const std::string content(std::size_t{3} << 20, 'z');
    put("f", content + "end");
    std::string joined;
    std::size_t pieces = 0;
    const ReadResult result = Folder(folder).stream("f", [&](std::span<const std::byte> piece) {
        EXPECT_LE(piece.size(), std::size_t{1} << 20);
        joined.append(reinterpret_cast<const char*>(piece.data()), piece.size());
        ++pieces;
    });
    EXPECT_TRUE(result);
    EXPECT_EQ(joined, content + "end");
    EXPECT_EQ(pieces, 4u);
}

TEST_F(FileTest, FileThatShrinksWhileItIsReadIsNoted) {
    put("f", std::string(std::size_t{4} << 20, 'z'));
    bool cut = false;
    const ReadResult result = Folder(folder).stream("f", [&](auto) {
        if (cut) return;
        ASSERT_EQ(::truncate(at("f").c_str(), 1000), 0);
        cut = true;
    });
    EXPECT_TRUE(result.shrank);
    EXPECT_LT(result.size, std::uint64_t{4} << 20);
}

}  // namespace
}  // namespace yolodata
