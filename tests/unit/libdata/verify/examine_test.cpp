// SPDX-License-Identifier: Apache-2.0
#include "yolodata/verify/examine.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "small_dataset.hpp"
#include "yolodata/core/file.hpp"

namespace yolodata {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ExamineTest : public SmallDataset {
 protected:
    ExamineTest() { put_pair("val/v", 99); }
    Examined only(const ExamineOptions& options = {}) const {
        const Dataset dataset = open();
        return examine(dataset, dataset.images.at(0), options);
    }
};

TEST_F(ExamineTest, AGoodPair) {
    put_pair("train/a", 1, "0 .5 .5 .4 .4\n1 .5 .5 .2 .2\n");
    const Examined pair = only();
    EXPECT_THAT(pair.findings, IsEmpty());
    EXPECT_TRUE(pair.usable);
    EXPECT_FALSE(pair.background || pair.dropped);
    EXPECT_EQ(pair.width, 96);
    EXPECT_EQ(pair.height, 64);
    EXPECT_EQ(pair.boxes.size(), 2u);
    EXPECT_EQ(pair.image_bytes, read_file(at("images/train/a.jpg")));
    EXPECT_TRUE(pair.image.hashed && pair.label.hashed);
    EXPECT_EQ(pair.image.digest, sha256(pair.image_bytes));
    EXPECT_EQ(pair.image.size, pair.image_bytes.size());
    EXPECT_GT(pair.label.mtime_ns, 0);
}

TEST_F(ExamineTest, Backgrounds) {
    put("images/train/a.jpg", picture(1));
    Examined pair = only();
    EXPECT_THAT(brief(pair.findings), ElementsAre("label/missing labels/train/a.txt"));
    EXPECT_EQ(pair.findings[0].image, "images/train/a.jpg");
    EXPECT_EQ(pair.findings[0].split, "train");
    EXPECT_TRUE(pair.usable && pair.background);
    put("labels/train/a.txt", " \n");
    pair = only();
    EXPECT_THAT(brief(pair.findings), ElementsAre("label/empty labels/train/a.txt"));
    EXPECT_TRUE(pair.usable && pair.background);
}

TEST_F(ExamineTest, ABadLabelDropsThePair) {
    put_pair("train/a", 1, "0 .5 .5 .4 .4\n0 .5 .5 .4 .4\n9 .5 .5 .1 .1\n");
    const Examined pair = only();
    EXPECT_THAT(brief(pair.findings), ElementsAre("label/class-out-of-range labels/train/a.txt",
                                                  "label/duplicate-row labels/train/a.txt"));
    for (const Finding& finding : pair.findings)
        EXPECT_EQ(finding.verdict, Verdict::drops_image) << finding.rule;
    EXPECT_FALSE(pair.usable);
    EXPECT_TRUE(pair.dropped);
    EXPECT_THAT(pair.boxes, IsEmpty());
    EXPECT_EQ(pair.rows, 3u);
}

TEST_F(ExamineTest, ImageFaults) {
    const std::string whole = picture(1);
    put("labels/train/a.txt", "0 .5 .5 .4 .4\n");
    put("images/train/a.jpg", whole.substr(0, whole.size() / 2));
    EXPECT_THAT(brief(only().findings), ElementsAre("image/truncated images/train/a.jpg"));
    EXPECT_FALSE(only().usable);
    EXPECT_TRUE(only().dropped);
    put("images/train/a.jpg", "");
    EXPECT_THAT(brief(only().findings), ElementsAre("image/empty images/train/a.jpg"));
    put("images/train/a.jpg", "<html>not found</html>");
    EXPECT_THAT(brief(only().findings), ElementsAre("image/unknown-format images/train/a.jpg"));
    put("images/train/a.jpg", whole);
    EXPECT_THAT(brief(only({.max_pixels = 100}).findings),
                ElementsAre("image/too-large images/train/a.jpg"));
}

TEST_F(ExamineTest, SuffixOfAnotherFormat) {
    put("images/train/a.png", picture(1));
    put("labels/train/a.txt", "0 .5 .5 .4 .4\n");
    EXPECT_THAT(brief(only().findings), ElementsAre("image/format-mismatch images/train/a.png"));
    EXPECT_TRUE(only().usable);
}

TEST_F(ExamineTest, WhatIsNoFileNeverBlocks) {
    put_pair("train/a", 1);
    boost::filesystem::remove(at("images/train/a.jpg"));
    ASSERT_EQ(::mkfifo(at("images/train/a.jpg").c_str(), 0600), 0);
    boost::filesystem::remove(at("labels/train/a.txt"));
    boost::filesystem::create_directory(at("labels/train/a.txt"));
    const Examined pair = only();
    EXPECT_THAT(brief(pair.findings), ElementsAre("image/unreadable images/train/a.jpg",
                                                  "label/unreadable labels/train/a.txt"));
    EXPECT_FALSE(pair.usable);
}

TEST_F(ExamineTest, ALabelThatIsAFolderIsABackgroundToUltralytics) {
    put("images/train/a.jpg", picture(1));
    boost::filesystem::create_directories(at("labels/train/a.txt"));
    const Examined pair = only();
    EXPECT_THAT(brief(pair.findings), ElementsAre("label/unreadable labels/train/a.txt"));
    EXPECT_EQ(pair.findings[0].verdict, Verdict::uses);
    EXPECT_TRUE(pair.background);
}

TEST_F(ExamineTest, FilesOverTheLimitsAreHashedNotHeld) {
    put_pair("train/a", 1, std::string(5000, '\n') + "0 .5 .5 .4 .4\n");
    const Examined pair = only({.max_image_bytes = 100, .max_label_bytes = 100});
    EXPECT_THAT(brief(pair.findings), ElementsAre("image/too-large images/train/a.jpg",
                                                  "label/unreadable labels/train/a.txt"));
    EXPECT_THAT(pair.image_bytes, IsEmpty());
    EXPECT_TRUE(pair.image.hashed && pair.label.hashed);
    EXPECT_EQ(pair.image.digest, sha256(read_file(at("images/train/a.jpg"))));
}

TEST_F(ExamineTest, FilesThatVanishAfterTheListing) {
    put_pair("train/a", 1);
    const Dataset dataset = open();
    boost::filesystem::remove_all(at("images/train"));
    boost::filesystem::remove_all(at("labels/train"));
    EXPECT_THAT(
        brief(examine(dataset, dataset.images[0], {}).findings),
        ElementsAre("image/unreadable images/train/a.jpg", "label/unreadable labels/train/a.txt"));
}

TEST_F(ExamineTest, AnExaminerCarriesNothingOver) {
    put_pair("train/a", 1, "9 9 9 9 9\n");
    put("images/train/b.jpg", picture(2));
    const Dataset dataset = open();
    Examiner examiner(dataset, {});
    Examined reused;
    for (int round = 0; round < 2; ++round) {
        for (const ImageRef& image : dataset.images) {
            examiner.examine(image, reused);
            const Examined fresh = examine(dataset, image, {});
            EXPECT_EQ(brief(reused.findings), brief(fresh.findings));
            EXPECT_EQ(reused.boxes, fresh.boxes);
            EXPECT_EQ(reused.image_bytes, fresh.image_bytes);
            EXPECT_EQ(reused.rows, fresh.rows);
            EXPECT_EQ(reused.label.hashed, fresh.label.hashed);
        }
    }
}

}  // namespace
}  // namespace yolodata
