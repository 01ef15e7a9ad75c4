// SPDX-License-Identifier: Apache-2.0
#include "yolodata/shard/writer.hpp"

#include <gtest/gtest.h>
#include <pthread.h>

#include <cstddef>
#include <system_error>
#include <thread>

#include "small_set.hpp"
#include "yolodata/core/error.hpp"

namespace yolodata::shard {
namespace {

using testing::made_up_index;
using testing::made_up_record;
using testing::slurp;
using testing::TempFolder;

/// As long as it lives, no thread can be started: its stack would be longer than the address space.
class NoThreads {
   public:
    NoThreads() {
        ::pthread_getattr_default_np(&before_);
        pthread_attr_t huge;
        ::pthread_getattr_default_np(&huge);
        ::pthread_attr_setstacksize(&huge, std::size_t{1} << 48);
        ::pthread_setattr_default_np(&huge);
        ::pthread_attr_destroy(&huge);
    }
    ~NoThreads() {
        ::pthread_setattr_default_np(&before_);
        ::pthread_attr_destroy(&before_);
    }
    NoThreads(const NoThreads&) = delete;

   private:
    pthread_attr_t before_;
};

TEST(SetWriter, WritesTheSameWhereNoThreadIsToBeHad) {
    const TempFolder folder;
    const SetIndex expected = testing::write_set(folder / "threads", 40, 3, 20'000);
    ASSERT_GT(expected.shards.size(), 3u);
    const NoThreads none;
    ASSERT_THROW(std::thread([] {}).join(), std::system_error);
    const SetIndex index = testing::write_set(folder / "none", 40, 3, 20'000);
    EXPECT_EQ(to_json(index), to_json(expected));
    for (const ShardEntry& shard : index.shards)
        EXPECT_EQ(slurp(folder / "none/" + shard.file), slurp(folder / "threads/" + shard.file)) << shard.file;
}

template <class Call>
void expect_refused(const Call& call) {
    try {
        call();
        ADD_FAILURE() << "was taken";
    } catch (const Error& e) {
        EXPECT_EQ(e.kind(), ErrorKind::forbidden_state) << e.what();
        EXPECT_NE(std::string(e.what()).find("cannot be completed; pack it again"), std::string::npos) << e.what();
    }
}

TEST(SetWriter, CannotBeUsedOnAfterAShardFailed) {
    const TempFolder folder;
    std::filesystem::create_directories(folder / "set");
    SetWriter writer(folder / "set", made_up_index());
    writer.begin_split("train");
    writer.add(made_up_record(0));
    std::filesystem::remove_all(folder / "set");  // nowhere to publish
    EXPECT_THROW(writer.finish(testing::source_digest), Error);
    std::filesystem::create_directories(folder / "set");
    expect_refused([&] { writer.finish(testing::source_digest); });
    expect_refused([&] { writer.begin_split("val"); });
    expect_refused([&] { writer.add(made_up_record(1)); });
    expect_refused([&] { writer.leave_out({"a.jpg", {}, {}, false}); });
}

TEST(SetWriter, ARecordThatDoesNotFitSpoilsNothing) {
    const TempFolder folder;
    std::filesystem::create_directories(folder / "set");
    SetWriter writer(folder / "set", made_up_index());
    writer.begin_split("train");
    RecordData bad = made_up_record(0);
    bad.width = 0;
    EXPECT_THROW(writer.add(bad), Error);
    writer.add(made_up_record(1));
    EXPECT_EQ(writer.finish(testing::source_digest).shards.at(0).records, 1u);
}

}  // namespace
}  // namespace yolodata::shard
