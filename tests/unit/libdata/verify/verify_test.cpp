// SPDX-License-Identifier: Apache-2.0
#include "yolodata/verify/verify.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stdexcept>

#include "small_dataset.hpp"
#include "yolodata/core/file.hpp"

namespace yolodata {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class VerifyTest : public SmallDataset {
 protected:
    VerifyTest() {
        // Both classes are used in train, so that no rule on the whole speaks up.
        for (int i = 0; i < 40; ++i)
            put_pair("train/t" + std::to_string(i), i, std::to_string(i % 2) + " .5 .5 .4 .4\n");
        put_pair("val/v", 100, "1 .5 .5 .4 .4\n0 .2 .2 .1 .1\n");
    }
    VerifyResult run(int jobs = 2, const Manifest* manifest = nullptr) const {
        VerifyOptions options;
        options.jobs = jobs;
        options.manifest = manifest;
        return verify(open(), options);
    }
};

TEST_F(VerifyTest, CountsAndDigest) {
    put("labels/train/lost.txt", "0 .5 .5 .4 .4\n");
    put("images/val/bg.jpg", picture(101));
    const VerifyResult result = run();
    EXPECT_EQ(result.images, 42u);
    EXPECT_EQ(result.labels, 41u);
    EXPECT_EQ(result.rows, 42u);
    EXPECT_EQ(result.backgrounds, 1u);
    EXPECT_EQ(result.unusable_images, 0u);
    EXPECT_THAT(brief(result.findings), ElementsAre("label/missing labels/val/bg.txt",
                                                    "label/orphan labels/train/lost.txt"));

    // Digest and bytes are the manifest's.
    const Dataset dataset = open();
    const HashedFiles files = hash_files(dataset.root, files_of(dataset), 1);
    EXPECT_EQ(files.files.size(), 42u + 41 + 1 + 1);
    EXPECT_EQ(result.digest, digest_of(files.files));
    std::uint64_t bytes = 0;
    for (const ManifestEntry& file : files.files) bytes += file.size;
    EXPECT_EQ(result.bytes, bytes);
}

TEST_F(VerifyTest, TheSameWhateverTheJobs) {
    for (int i = 0; i < 40; i += 3)
        put("labels/train/t" + std::to_string(i) + ".txt", "7 .5 .5 1.4 .4\nx\n");
    for (int i = 0; i < 40; i += 5)
        put("images/train/t" + std::to_string(i) + ".jpg", picture(i).substr(0, 500));
    const VerifyResult one = run(1);
    EXPECT_GT(one.findings.size(), 40u);
    for (const int jobs : {2, 3, 8}) {
        const VerifyResult many = run(jobs);
        EXPECT_EQ(many.digest, one.digest);
        EXPECT_EQ(many.unusable_images, one.unusable_images);
        ASSERT_EQ(many.findings.size(), one.findings.size());
        for (std::size_t i = 0; i < one.findings.size(); ++i)
            EXPECT_FALSE(report_order(one.findings[i], many.findings[i]) ||
                         report_order(many.findings[i], one.findings[i]));
    }
}

TEST_F(VerifyTest, ASplitWithoutAUsableImage) {
    put("labels/val/v.txt", "99 .5 .5 .4 .4\n");
    EXPECT_THAT(brief(run().findings), ElementsAre("dataset/split-empty data.yaml",
                                                   "label/class-out-of-range labels/val/v.txt"));
    EXPECT_EQ(run().unusable_images, 1u);
}

TEST_F(VerifyTest, Manifest) {
    const auto manifest_now = [this] {
        const Dataset dataset = open();
        return Manifest{hash_files(dataset.root, files_of(dataset), 2).files};
    };
    const Manifest before = manifest_now();
    EXPECT_THAT(run(2, &before).findings, IsEmpty());

    // Rot: one bit, size and time kept. Edit: the same with the time of today.
    const std::string old = read_text_file(at("labels/train/t1.txt"));
    struct stat st;
    ASSERT_EQ(::stat(at("labels/train/t1.txt").c_str(), &st), 0);
    put("labels/train/t1.txt", "0" + old.substr(1));
    const struct timespec times[2] = {st.st_atim, st.st_mtim};
    ASSERT_EQ(::utimensat(AT_FDCWD, at("labels/train/t1.txt").c_str(), times, 0), 0);
    put("labels/train/t2.txt", "1 .5 .5 .3 .3\n");
    put_pair("train/new", 77);
    boost::filesystem::remove(at("images/train/t3.jpg"));
    boost::filesystem::remove(at("labels/train/t3.txt"));
    EXPECT_THAT(
        brief(run(2, &before).findings),
        ElementsAre("checksum/added images/train/new.jpg", "checksum/added labels/train/new.txt",
                    "checksum/bit-rot labels/train/t1.txt", "checksum/changed labels/train/t2.txt",
                    "checksum/missing images/train/t3.jpg",
                    "checksum/missing labels/train/t3.txt"));
}

TEST_F(VerifyTest, AListedFileThatTheDatasetNoLongerNamesIsLookedFor) {
    put("notes/other.bin", "abc");
    Manifest manifest{hash_files(open().root, {"notes/other.bin"}, 1).files};
    const std::vector<ManifestEntry> none;
    EXPECT_THAT(compare_with_manifest(manifest, none, folder, 1), IsEmpty());
    put("notes/other.bin", "abcd");
    EXPECT_THAT(brief(compare_with_manifest(manifest, none, folder, 1)),
                ElementsAre("checksum/changed notes/other.bin"));
}

TEST_F(VerifyTest, ProgressCanStopIt) {
    std::uint64_t last = 0;
    const VerifyResult stopped = verify(open(), {}, [&](std::uint64_t done, std::uint64_t total) {
        EXPECT_GT(done, last);
        EXPECT_EQ(total, 41u);
        last = done;
        return false;
    });
    EXPECT_TRUE(stopped.stopped);
    EXPECT_LT(last, 41u);
    const Progress thrower = [](std::uint64_t, std::uint64_t) -> bool {
        throw std::runtime_error("stop");
    };
    EXPECT_THROW(verify(open(), {}, thrower), std::runtime_error);
}

// Under the address sanitizer this also shows that nothing under way is lost.
TEST_F(VerifyTest, ACallbackThatThrowsEndsTheHashing) {
    const Dataset dataset = open();
    const std::vector<std::string> paths = files_of(dataset);
    ASSERT_GT(paths.size(), 20u);
    const auto hash = [&](const Progress& progress) {
        return hash_files(dataset.root, paths, 4, progress);
    };
    EXPECT_THROW(hash([](std::uint64_t done, std::uint64_t) -> bool {
                     if (done == 9) throw std::runtime_error("stop");
                     return true;
                 }),
                 std::runtime_error);
    const HashedFiles all = hash({});
    ASSERT_EQ(all.files.size(), paths.size());
    for (std::size_t i = 0; i < paths.size(); ++i) EXPECT_EQ(all.files[i].path, paths[i]);
}

TEST_F(VerifyTest, InferredTasks) {
    const auto task_with = [this](const std::string& rows) {
        boost::filesystem::remove_all(at("labels"));
        put("labels/val/v.txt", rows);
        Dataset dataset = open();
        infer_task(dataset, 2);
        return std::pair(dataset.task, dataset.keypoints.points);
    };
    const std::string box = "0 .5 .5 .4 .4\n", polygon = "0 .2 .2 .8 .3 .4 .9\n",
                      pose = "0 .5 .5 .5 .6 .3 .3 2 0 0 0\n";
    EXPECT_EQ(task_with(box + polygon), std::pair(Task::detect, 0u));  // half is not more than half
    EXPECT_EQ(task_with(box + polygon + polygon), std::pair(Task::segment, 0u));
    EXPECT_EQ(task_with(box + pose + pose), std::pair(Task::pose, 2u));
    EXPECT_EQ(task_with(""), std::pair(Task::detect, 0u));
    put("data.yaml", "train: images/train\nval: images/val\nnames: [cat, dog]\ntask: obb\n");
    EXPECT_EQ(task_with(pose), std::pair(Task::obb, 0u));
}

}  // namespace
}  // namespace yolodata
