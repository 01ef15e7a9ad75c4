// SPDX-License-Identifier: Apache-2.0
#include "yolodata/repair/apply.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/filesystem.hpp>

#include "../verify/small_dataset.hpp"
#include "file_ops.hpp"
#include "place.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/repair/copy.hpp"
#include "yolodata/repair/undo.hpp"

namespace yolodata {
namespace {

using testing::HasSubstr;
namespace fs = boost::filesystem;

class ApplyTest : public SmallDataset {
 protected:
    ApplyTest() {
        for (int i = 0; i < 3; ++i) put_pair("train/t" + std::to_string(i), i, bad);
        put_pair("val/v", 100);
        put("images/train/t2.jpg", picture(2).substr(0, 400));
        plan = plan_repair(open(), {});
        quarantine = folder + ".quarantine";
    }
    ~ApplyTest() override { fs::remove_all(quarantine); }

    std::string label(int i) const {
        return read_text_file(at("labels/train/t" + std::to_string(i) + ".txt"));
    }
    const std::string bad = "7 .5 .5 .4 .4\n1 .5 .5 .4 .4\n", good = "1 .5 .5 .4 .4\n";
    RepairPlan plan;
    std::string quarantine;
};

TEST_F(ApplyTest, DoesWhatThePlanSays) {
    ASSERT_EQ(plan.changes.size(), 4u);
    const ApplyResult result = apply_repair(open(), plan, quarantine);
    EXPECT_EQ(result.done, 4u);
    EXPECT_EQ(label(0), good);
    EXPECT_EQ(read_text_file(quarantine + "/labels/train/t2.txt"), bad);
    EXPECT_TRUE(plan_repair(open(), {}).changes.empty());
}

// Content, size and time: any of them tells that somebody was there.
TEST_F(ApplyTest, WhatChangedSinceThePlanIsSkippedAndNamed) {
    const auto old_time = mtime_of(*status_of(at("labels/train/t0.txt")));
    put("labels/train/t0.txt", "8 .5 .5 .4 .4\n1 .5 .5 .4 .4\n");  // the same size …
    set_mtime(at("labels/train/t0.txt"), old_time);                // … and time
    put("images/train/t2.jpg", picture(2));
    fs::remove(at("labels/train/t2.txt"));
    const ApplyResult result = apply_repair(open(), plan, quarantine);
    EXPECT_EQ(result.done, 1u);
    ASSERT_EQ(result.skipped.size(), 3u);
    EXPECT_THAT(result.skipped[0].reason, HasSubstr("changed"));
    EXPECT_EQ(label(0), "8 .5 .5 .4 .4\n1 .5 .5 .4 .4\n");
    EXPECT_EQ(label(1), good);
    EXPECT_EQ(read_text_file(at("images/train/t2.jpg")), picture(2));
}

TEST_F(ApplyTest, ALinkThatWasPutThereSinceIsNotFollowed) {
    put("../outside-of-" + fs::path(folder).filename().string(), bad);
    const std::string outside = at("../outside-of-" + fs::path(folder).filename().string());
    fs::remove(at("labels/train/t0.txt"));
    ASSERT_EQ(::symlink(outside.c_str(), at("labels/train/t0.txt").c_str()), 0);
    EXPECT_EQ(apply_repair(open(), plan, quarantine).skipped.size(), 1u);
    EXPECT_EQ(read_text_file(outside), bad);
    fs::remove(outside);
}

TEST_F(ApplyTest, HardLinksOfAFileKeepTheOldContent) {
    ASSERT_EQ(::link(at("labels/train/t0.txt").c_str(), at("other").c_str()), 0);
    apply_repair(open(), plan, quarantine);
    EXPECT_EQ(label(0), good);
    EXPECT_EQ(read_text_file(at("other")), bad);
}

TEST_F(ApplyTest, StoppedBetweenTwoFilesAndTakenBack) {
    for (std::uint64_t n = 0; n < 4; ++n) {
        const auto stop = [n](std::uint64_t done, std::uint64_t) { return done < n; };
        const ApplyResult result = apply_repair(open(), plan, quarantine, stop);
        EXPECT_TRUE(result.stopped);
        EXPECT_EQ(result.done, n);
        const UndoResult undone = undo_repair(folder, quarantine, false);
        EXPECT_EQ(undone.restored, n);
        EXPECT_EQ(label(0), bad);
        EXPECT_FALSE(fs::exists(quarantine));
    }
    // The files are the old ones, so the plan still fits.
    EXPECT_EQ(apply_repair(open(), plan, quarantine).done, 4u);
}

TEST_F(ApplyTest, AnUndoThatIsStoppedGoesOn) {
    apply_repair(open(), plan, quarantine);
    EXPECT_TRUE(
        undo_repair(folder, quarantine, false, [](auto done, auto) { return done < 2; }).stopped);
    EXPECT_EQ(undo_repair(folder, quarantine, false).restored, 2u);
    EXPECT_EQ(label(0), bad);
    EXPECT_FALSE(undo_repair(folder, quarantine, false).journal);
}

TEST_F(ApplyTest, TheQuarantineMayLieOnAnotherFileSystem) {
    struct stat here, there;
    if (::stat("/dev/shm", &there) != 0 || ::access("/dev/shm", W_OK) != 0 ||
        ::stat(folder.c_str(), &here) != 0 || here.st_dev == there.st_dev)
        GTEST_SKIP() << "no second file system at /dev/shm";
    const std::string far = "/dev/shm/yolodata-repair-" + std::to_string(::getpid());
    set_mtime(at("labels/train/t0.txt"), 1'600'000'000'000'000'007);
    ASSERT_EQ(::symlink("nowhere", at("images/train/x.jpg").c_str()), 0);
    set_mtime(at("images/train/x.jpg"), 1'500'000'000'000'000'009);
    plan = plan_repair(open(), {});
    EXPECT_EQ(apply_repair(open(), plan, far).done, 5u);
    EXPECT_EQ(label(0), good);
    EXPECT_EQ(undo_repair(folder, far, false).restored, 5u);
    EXPECT_EQ(mtime_of(*status_of(at("images/train/x.jpg"))), 1'500'000'000'000'000'009);
    EXPECT_EQ(label(0), bad);
    EXPECT_EQ(mtime_of(*status_of(at("labels/train/t0.txt"))), 1'600'000'000'000'000'007);
    EXPECT_EQ(read_text_file(at("labels/train/t2.txt")), bad);
    EXPECT_FALSE(fs::exists(far));
}

TEST_F(ApplyTest, ACopyThatIsStoppedLeavesNothing) {
    const std::string copy = folder + ".copy";
    EXPECT_TRUE(
        copy_repaired(open(), plan, copy, [](auto done, auto) { return done < 3; }).stopped);
    EXPECT_FALSE(fs::exists(copy) || fs::exists(copy + ".unfinished"));
    fs::create_directory(copy);
    EXPECT_EQ(copy_repaired(open(), plan, copy).done, 4u);
    EXPECT_THROW(copy_repaired(open(), plan, copy), Error);
    fs::remove_all(copy);
}

}  // namespace
}  // namespace yolodata
