// SPDX-License-Identifier: Apache-2.0
#include "data/read_ahead.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

namespace yolotrain {
namespace {

using Numbers = std::vector<std::uint64_t>;

/// The record at a position of epoch e is 100 e + position. What was fetched and dropped, in order.
struct Ahead : testing::Test {
    ReadAhead::Plan plan(std::uint64_t before, std::uint64_t ahead) {
        ReadAhead::Plan p;
        p.n = 10;
        p.before = before;
        p.ahead = p.near = ahead;
        p.record_at = [](std::int64_t epoch, std::uint64_t position) {
            return static_cast<std::uint64_t>(epoch) * 100 + position;
        };
        p.ask = [this](std::uint64_t record) { asked.push_back(record); };
        p.fetch = [this](std::uint64_t record) { fetched.push_back(record); };
        p.drop = [this](std::uint64_t record) { dropped.push_back(record); };
        return p;
    }
    /// Reaches a position and returns what was fetched for it.
    Numbers at(ReadAhead& reader, std::int64_t epoch, std::uint64_t position) {
        fetched.clear();
        reader.reached(epoch, position);
        reader.settle();
        return fetched;
    }
    Numbers asked, fetched, dropped;
};

TEST_F(Ahead, FetchesEachRecordOnceInTheOrderOfTheEpochs) {
    ReadAhead reader(plan(0, 3));
    EXPECT_EQ(at(reader, 0, 0), (Numbers{0, 1, 2, 3}));
    EXPECT_EQ(at(reader, 0, 1), (Numbers{4}));
    EXPECT_EQ(at(reader, 0, 5), (Numbers{5, 6, 7, 8}));
    EXPECT_EQ(at(reader, 0, 9), (Numbers{9, 100, 101, 102}));
    EXPECT_EQ(at(reader, 1, 0), (Numbers{103}));
}

TEST_F(Ahead, FetchesPartnersOfTheFirstSamplesFromTheEndOfTheirEpoch) {
    ReadAhead reader(plan(2, 1));
    EXPECT_EQ(at(reader, 0, 0), (Numbers{8, 9, 0, 1}));
    EXPECT_EQ(at(reader, 0, 8), (Numbers{6, 7, 8, 9}));
    EXPECT_EQ(at(reader, 0, 9), (Numbers{108}));
    EXPECT_EQ(at(reader, 1, 0), (Numbers{109, 100, 101}));
}

TEST_F(Ahead, AsksForMoreThanItWaitsFor) {
    auto p = plan(0, 4);
    p.near = 1;
    ReadAhead reader(p);
    EXPECT_EQ(at(reader, 0, 0), (Numbers{0, 1}));
    EXPECT_EQ(asked, (Numbers{0, 1, 2, 3, 4}));
    EXPECT_EQ(at(reader, 0, 1), (Numbers{2}));
    EXPECT_EQ(asked, (Numbers{0, 1, 2, 3, 4, 5}));
}

TEST_F(Ahead, BeginsAnewWhereItIsSentTo) {
    ReadAhead reader(plan(2, 1));
    EXPECT_EQ(at(reader, 3, 5), (Numbers{303, 304, 305, 306}));
    EXPECT_EQ(at(reader, 1, 4), (Numbers{102, 103, 104, 105}));
}

TEST_F(Ahead, StopsAtTheEndOfTheLastEpoch) {
    auto p = plan(1, 5);
    p.epochs = 1;
    ReadAhead reader(p);
    EXPECT_EQ(at(reader, 0, 7), (Numbers{6, 7, 8, 9}));
    EXPECT_EQ(at(reader, 0, 9), (Numbers{}));
}

TEST_F(Ahead, GivesBackWhatNoSampleNeedsAnyMore) {
    ReadAhead reader(plan(2, 1));
    for (std::uint64_t position = 0; position < 6; ++position) at(reader, 0, position);
    EXPECT_EQ(dropped, (Numbers{8, 9, 0, 1}));  // at 5, 3 and 4 may be read; 2 by a sample that is still in work
    dropped.clear();
    for (std::uint64_t position = 6; position < 10; ++position) at(reader, 0, position);
    at(reader, 1, 0);
    EXPECT_EQ(dropped, (Numbers{2, 3, 4, 5, 6, 7, 8}));
}

TEST_F(Ahead, PassesOverWhatCannotBeFetched) {
    auto p = plan(0, 3);
    p.fetch = [this](std::uint64_t record) {
        if (record % 2 == 1) throw std::runtime_error("cannot be read");
        fetched.push_back(record);
    };
    ReadAhead reader(p);
    EXPECT_EQ(at(reader, 0, 0), (Numbers{0, 2}));
    EXPECT_EQ(at(reader, 0, 3), (Numbers{4, 6}));
}

TEST_F(Ahead, EndsAfterTheRecordInWork) {
    std::promise<void> begun, go_on;
    bool ended = false;
    auto p = plan(0, 5);
    p.fetch = [&](std::uint64_t record) {
        fetched.push_back(record);
        begun.set_value();  // a second call would throw
        go_on.get_future().wait();
        ended = true;
    };
    auto reader = std::make_unique<ReadAhead>(p);
    reader->reached(0, 0);
    begun.get_future().wait();
    std::thread releases([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        go_on.set_value();
    });
    reader.reset();
    EXPECT_TRUE(ended) << "what it works with may be gone after the destructor";
    EXPECT_EQ(fetched, (Numbers{0})) << "nothing is begun any more";
    releases.join();
}

TEST_F(Ahead, KeepsEverythingWithoutADrop) {
    auto p = plan(0, 1);
    p.drop = {};
    ReadAhead reader(p);
    for (std::uint64_t position = 0; position < 10; ++position) at(reader, 0, position);
    EXPECT_TRUE(dropped.empty());
}

}  // namespace
}  // namespace yolotrain
