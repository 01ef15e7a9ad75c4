// SPDX-License-Identifier: Apache-2.0
// The ways in which a set is read: all give the same bytes, and none dies of what happens to a file
// meanwhile.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <thread>

#include "shard/format.hpp"
#include "shard/set_io.hpp"
#include "shard/shard_file.hpp"
#include "small_set.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/shard/reader.hpp"

namespace yolodata::shard {
namespace {

using testing::spill;
using testing::TempFolder;

constexpr IoMode all_modes[] = {IoMode::automatic, IoMode::mmap, IoMode::pread, IoMode::direct};
constexpr std::uint64_t small_window = 64 << 10;

std::uint8_t pixel(unsigned record, std::size_t k) {
    return static_cast<std::uint8_t>(record * 31 + k * 7 + k / 251);
}

/// Pictures of 1 to 190 kB, so that some lie across windows of 64 KiB and some in more than two.
RecordData picture(unsigned i) {
    RecordData r;
    r.width = 20 + static_cast<int>(i * 37 % 230);
    r.height = 17 + static_cast<int>(i * 53 % 240);
    r.payload.resize(static_cast<std::size_t>(r.width * r.height * 3));
    for (std::size_t k = 0; k < r.payload.size(); ++k) r.payload[k] = pixel(i, k);
    r.checksum = payload_checksum(r.payload);
    r.source = "images/" + std::to_string(i) + ".png";
    r.boxes.resize(i % 3);
    return r;
}

constexpr unsigned records = 40;

class IoTest : public ::testing::Test {
 protected:
    void SetUp() override { write(dir_.path()); }
    static void write(const std::string& dir) {
        std::filesystem::create_directories(dir);
        SetWriter writer(dir, testing::made_up_index(1 << 20));
        writer.begin_split("train");
        for (unsigned i = 0; i < records; ++i) writer.add(picture(i));
        spill(dir + "/index.json", to_json(writer.finish(testing::source_digest)));
    }
    /// Records that read back right; one that reads back wrong is a failure.
    static unsigned good_records(const ShardSet& set, bool backwards = false) {
        unsigned good = 0;
        std::vector<std::uint8_t> payload;
        for (unsigned k = 0; k < records; ++k) {
            const unsigned i = backwards ? records - 1 - k : k;
            if (!set.read(i, payload)) continue;
            EXPECT_EQ(payload, picture(i).payload) << "record " << i;
            ++good;
        }
        return good;
    }
    TempFolder dir_;
};

TEST_F(IoTest, EveryModeGivesTheSameBytes) {
    for (const IoMode io : all_modes)
        for (const bool drop_behind : {false, true})
            for (const bool verify : {true, false}) {
                ReadOptions options;
                options.io = io;
                options.drop_behind = drop_behind;
                options.verify_checksum = verify;
                options.window_bytes = small_window;
                options.mapped_bytes = 3 * small_window;
                const ShardSet set(dir_.path(), "train", options);
                EXPECT_EQ(good_records(set), records) << static_cast<int>(io);
                set.prefetch(3, 20);
                EXPECT_EQ(good_records(set, true), records) << static_cast<int>(io);
                for (unsigned i = 0; i < records; ++i) {
                    const RecordData written = picture(i);
                    EXPECT_EQ(set.boxes(i), written.boxes);
                    ASSERT_EQ(set.payload_bytes(i), written.payload.size());
                    std::vector<std::byte> batch(written.payload.size() + 2, std::byte{0x5a});
                    ASSERT_TRUE(
                        set.read_into(i, std::span(batch).subspan(1, written.payload.size())));
                    EXPECT_TRUE(std::equal(
                        written.payload.begin(), written.payload.end(), batch.begin() + 1,
                        [](std::uint8_t a, std::byte b) { return std::byte{a} == b; }));
                    EXPECT_EQ(batch.front(), std::byte{0x5a});
                    EXPECT_EQ(batch.back(), std::byte{0x5a});
                }
            }
}

TEST_F(IoTest, ModesAreChosenAsSaid) {
    const auto mode = [&](IoMode io, const std::string& dir) {
        ReadOptions options;
        options.io = io;
        return ShardSet(dir, "train", options).io_mode(0);
    };
    EXPECT_EQ(mode(IoMode::automatic, dir_.path()), IoMode::mmap);
    EXPECT_EQ(mode(IoMode::pread, dir_.path()), IoMode::pread);
    EXPECT_TRUE(is_remote_filesystem(0x6969));
    EXPECT_TRUE(is_remote_filesystem(
        0xffffffffff534d42));  // f_type is signed and 32 bits wide on some machines
    EXPECT_FALSE(is_remote_filesystem(0xef53));      // ext4
    EXPECT_FALSE(is_remote_filesystem(0x01021994));  // tmpfs
}

TEST_F(IoTest, AFileSystemWithoutDirectReadsIsReadByPread) {
    const std::string memory = "/dev/shm/yolo-io-test-" + std::to_string(::getpid());
    if (::access("/dev/shm", W_OK) != 0) GTEST_SKIP() << "no /dev/shm that can be written";
    write(memory);
    ReadOptions options;
    options.io = IoMode::direct;
    {
        const ShardSet set(memory, "train", options);
        EXPECT_EQ(good_records(set), records);
    }
    std::filesystem::remove_all(memory);
}

TEST_F(IoTest, BuffersOfTheWrongLengthAndRecordsThatAreNotThereAreRefused) {
    const ShardSet set(dir_.path(), "train");
    std::vector<std::byte> buffer(set.payload_bytes(0) + 1);
    EXPECT_THROW(set.read_into(0, buffer), Error);
    EXPECT_THROW(set.read_into(records, buffer), Error);
    EXPECT_THROW(set.payload_bytes(records), Error);
    set.prefetch(records, 5);
    set.prefetch(records - 1, ~std::uint64_t{0});
    set.prefetch(0, 0);
}

TEST_F(IoTest, UncheckedReadsLetDamageThroughAndCheckedOnesDoNot) {
    const std::string path = dir_ / "train-00000.yds";
    std::string bytes = testing::slurp(path);
    bytes[format::header_bytes + format::record_header_bytes + 9] ^= 1;
    spill(path, bytes);
    ReadOptions options;
    std::vector<std::uint8_t> payload;
    EXPECT_FALSE(ShardSet(dir_.path(), "train", options).read(0, payload));
    options.verify_checksum = false;
    EXPECT_TRUE(ShardSet(dir_.path(), "train", options).read(0, payload));
    EXPECT_NE(payload, picture(0).payload);
}

TEST_F(IoTest, TruncationAtEveryPageWhileOpenCostsRecordsOnly) {
    const std::string path = dir_ / "train-00000.yds", whole = testing::slurp(path);
    const std::uint64_t in_shard = ShardFile(path, false).header().records;
    for (const IoMode io : all_modes)
        for (std::size_t length = 0; length < whole.size();
             length += 4096 * (io == IoMode::automatic ? 1 : 9)) {
            ReadOptions options;
            options.io = io;
            options.window_bytes = small_window;
            const ShardSet set(dir_.path(), "train", options);
            std::vector<std::uint8_t> payload;
            ASSERT_TRUE(set.read(0, payload));  // the first window is mapped
            set.prefetch(0, in_shard);
            ASSERT_EQ(::truncate(path.c_str(), static_cast<off_t>(length)), 0);
            for (std::uint64_t i = 0; i < in_shard; ++i)
                if (set.read(i, payload)) {
                    EXPECT_EQ(payload, picture(static_cast<unsigned>(i)).payload);
                }
            EXPECT_TRUE(set.read(records - 1, payload)) << "another shard suffers";
            EXPECT_THROW(set.info(0), Error);
            set.prefetch(0, in_shard);
            spill(path, whole);
        }
}

TEST_F(IoTest, AFaultSendsTheFileToPreadInAutomaticModeOnly) {
    const std::string path = dir_ / "train-00000.yds", whole = testing::slurp(path);
    for (const IoMode io : {IoMode::automatic, IoMode::mmap}) {
        ReadOptions options;
        options.io = io;
        const ShardSet set(dir_.path(), "train", options);
        std::vector<std::uint8_t> payload;
        ASSERT_TRUE(set.read(0, payload));
        ASSERT_EQ(::truncate(path.c_str(), 8192), 0);
        EXPECT_FALSE(set.read(1, payload));
        EXPECT_EQ(set.io_mode(1), io == IoMode::mmap ? IoMode::mmap : IoMode::pread);
        spill(path, whole);
        EXPECT_TRUE(set.read(1, payload)) << "the file is whole again";
    }
}

TEST_F(IoTest, AFileThatIsCutAndRestoredAgainAndAgainWhileThreadsRead) {
    const std::string path = dir_ / "train-00000.yds", whole = testing::slurp(path);
    for (const IoMode io : all_modes) {
        ReadOptions options;
        options.io = io;
        options.window_bytes = small_window;
        const ShardSet set(dir_.path(), "train", options);
        std::atomic<bool> done{false};
        std::vector<std::thread> readers;
        for (int t = 0; t < 3; ++t)
            readers.emplace_back([&, t] {
                while (!done) good_records(set, t == 1);
            });
        for (int round = 0; round < 40; ++round) {
            const auto length = static_cast<std::size_t>(round) * 7919 * 13 % whole.size();
            if (::truncate(path.c_str(), static_cast<off_t>(length)) != 0) break;
            FILE* file = std::fopen(path.c_str(), "r+b");
            std::fwrite(whole.data(), 1, whole.size(), file);
            std::fclose(file);
        }
        done = true;
        for (std::thread& reader : readers) reader.join();
        EXPECT_EQ(good_records(set), records) << static_cast<int>(io);
    }
}

// Files are open already: neither their names nor their rights matter any more.
TEST_F(IoTest, DeletedReplacedOrForbiddenWhileThreadsReadIsReadToTheEnd) {
    using Harm = void (*)(const std::string& dir, const std::string& file);
    const Harm harms[] = {
        [](const std::string&, const std::string& file) { ::unlink(file.c_str()); },
        [](const std::string&, const std::string& file) {
            spill(file + ".new", "something else");
            ::rename((file + ".new").c_str(), file.c_str());
        },
        [](const std::string& dir, const std::string& file) {
            ::chmod(file.c_str(), 0);
            ::chmod(dir.c_str(), 0);
        },
        [](const std::string& dir, const std::string&) { std::filesystem::remove_all(dir); },
    };
    for (const IoMode io : all_modes)
        for (const Harm harm : harms) {
            const std::string dir = dir_ / "set";
            write(dir);
            ReadOptions options;
            options.io = io;
            options.window_bytes = small_window;
            options.mapped_bytes = 2 * small_window;  // windows are mapped anew all the time
            const ShardSet set(dir, "train", options);
            std::atomic<int> passes{0};
            std::vector<std::thread> readers;
            for (int t = 0; t < 2; ++t)
                readers.emplace_back([&, t] {
                    for (int k = 0; k < 4; ++k, ++passes) EXPECT_EQ(good_records(set, t == 1), records);
                });
            while (passes == 0) std::this_thread::yield();
            for (const char* file : {"train-00000.yds", "train-00001.yds", "index.json"}) harm(dir, dir + "/" + file);
            for (std::thread& reader : readers) reader.join();
            ::chmod(dir.c_str(), 0700);
            std::filesystem::remove_all(dir);
        }
}

/// Runs `body` in a child, because limits cannot be given back. Its exit code.
template <class Body>
int in_child(Body body) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(body());
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

TEST_F(IoTest, ReadsWhereNoWindowFitsIntoTheAddressSpace) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "sanitizers need the whole address space";
#endif
    EXPECT_EQ(in_child([&] {
                  const ShardSet set(dir_.path(), "train");
                  std::vector<std::uint8_t> payload;
                  payload.reserve(1 << 20);
                  struct rlimit limit {};
                  limit.rlim_cur = limit.rlim_max = 1
                                                    << 20;  // less than is in use: every map fails
                  if (::setrlimit(RLIMIT_AS, &limit) != 0) return 2;
                  for (unsigned i = 0; i < records; ++i)
                      if (!set.read(i, payload)) return 3;
                  return set.io_mode(0) == IoMode::pread ? 0 : 4;
              }),
              0);
}

TEST_F(IoTest, FewDescriptorsAndFilesThatVanishAreBadRecords) {
    EXPECT_EQ(in_child([&] {
                  struct rlimit limit {};
                  limit.rlim_cur = limit.rlim_max = 6;  // three shards cannot be kept open
                  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return 2;
                  const ShardSet set(dir_.path(), "train");
                  std::vector<std::uint8_t> payload;
                  if (!set.read(0, payload)) return 3;
                  std::filesystem::rename(dir_ / "train-00001.yds", dir_ / "gone");
                  unsigned bad = 0;
                  for (unsigned i = 0; i < records; ++i) bad += !set.read(i, payload);
                  if (bad == 0 || bad == records) return 4;
                  // A file of the same name is not the file that was checked.
                  std::filesystem::copy_file(dir_ / "train-00000.yds", dir_ / "train-00001.yds");
                  unsigned still = 0;
                  for (unsigned i = 0; i < records; ++i) still += !set.read(i, payload);
                  if (still != bad) return 5;
                  std::filesystem::remove(dir_ / "train-00001.yds");
                  std::filesystem::rename(dir_ / "gone", dir_ / "train-00001.yds");
                  for (unsigned i = 0; i < records; ++i)
                      if (!set.read(i, payload)) return 6;
                  return 0;
              }),
              0);
}

}  // namespace
}  // namespace yolodata::shard
