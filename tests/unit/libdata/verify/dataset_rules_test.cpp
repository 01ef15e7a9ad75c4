// SPDX-License-Identifier: Apache-2.0
// Rules that only the whole data set can tell.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "small_dataset.hpp"
#include "yolodata/verify/verify.hpp"

namespace yolodata {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

class DatasetRulesTest : public SmallDataset {
 protected:
    DatasetRulesTest() {
        put_pair("train/t0", 0, "0 .5 .5 .4 .4\n");
        put_pair("train/t1", 1, "1 .5 .5 .4 .4\n");
        put_pair("val/v0", 100, "0 .5 .5 .4 .4\n");
    }
    void config(const std::string& rest) const { put("data.yaml", "train: images/train\n" + rest); }
    std::vector<Finding> findings() const {
        Dataset dataset = open();
        infer_task(dataset, 1);
        return verify(dataset, {}).findings;
    }
    std::vector<std::string> found() const { return brief(findings()); }
    Finding only() const {
        const auto all = findings();
        EXPECT_THAT(all, testing::SizeIs(1));
        return all.empty() ? Finding() : all[0];
    }
    void set_time(const std::string& name, long seconds) const {
        const struct timespec times[2] = {{seconds, 0}, {seconds, 0}};
        ASSERT_EQ(::utimensat(AT_FDCWD, at(name).c_str(), times, 0), 0);
    }
};

TEST_F(DatasetRulesTest, NothingToSay) {
    EXPECT_THAT(found(), IsEmpty());
}

TEST_F(DatasetRulesTest, IdenticalSplits) {
    config("val: images/train\nnames: [cat, dog]\n");
    EXPECT_THAT(found(), ElementsAre("dataset/identical-splits data.yaml"));
    put("some.txt", "./images/train/t0.jpg\n");
    config("val: some.txt\nnames: [cat, dog]\n");
    EXPECT_THAT(found(), IsEmpty());  // a part is not the same
}

TEST_F(DatasetRulesTest, NoLabels) {
    boost::filesystem::remove(at("labels/val/v0.txt"));
    EXPECT_THAT(found(),
                ElementsAre("dataset/no-labels data.yaml", "label/missing labels/val/v0.txt"));
    EXPECT_EQ(findings()[0].severity, Severity::warning);
    put("labels/val/v0.txt", "0 .5 .5 .4 .4\n");
    put("labels/train/t0.txt", "");
    put("labels/train/t1.txt", "");
    auto all = findings();
    EXPECT_THAT(brief(all), Contains("dataset/no-labels data.yaml"));
    EXPECT_EQ(all[0].rule, "dataset/no-labels");
    EXPECT_EQ(all[0].severity, Severity::error);
    EXPECT_EQ(all[0].verdict, Verdict::uses);
    boost::filesystem::remove_all(at("labels/train"));
    all = findings();
    EXPECT_EQ(all[0].verdict, Verdict::aborts);
}

TEST_F(DatasetRulesTest, NoLabelsIsSilentWhereNothingCanBeUsed) {
    boost::filesystem::remove(at("labels/val/v0.txt"));
    put("images/val/v0.jpg", "");
    EXPECT_THAT(found(), Contains("dataset/split-empty data.yaml"));
    EXPECT_THAT(found(), Not(Contains("dataset/no-labels data.yaml")));
}

TEST_F(DatasetRulesTest, UnusedClasses) {
    config("val: images/val\nnames: [cat, dog, bird, fish]\n");
    put("labels/val/v0.txt", "0 .5 .5 .4 .4\n2 .5 .5 .2 .2\n");
    const auto all = findings();
    ASSERT_THAT(brief(all),
                ElementsAre("dataset/unused-class data.yaml", "dataset/unused-class data.yaml"));
    const Finding& measured = all[0].severity == Severity::warning ? all[0] : all[1];
    const Finding& nowhere = all[0].severity == Severity::warning ? all[1] : all[0];
    EXPECT_THAT(measured.message, testing::HasSubstr("2 bird"));
    EXPECT_THAT(nowhere.message, testing::HasSubstr("3 fish"));
    EXPECT_EQ(nowhere.severity, Severity::info);
    // A row that can be read counts, also in a file that is dropped for another row.
    put("labels/train/t0.txt", "0 .5 .5 .4 .4\n2 .5 .5 .2 .2\n3 .5 .5 .2 .2\n0 x\n");
    EXPECT_THAT(found(), ElementsAre("label/not-a-number labels/train/t0.txt"));
}

TEST_F(DatasetRulesTest, ClassImbalance) {
    const auto rows = [](int n) {
        std::string text;
        for (int i = 0; i < n; ++i) text += "0 0." + std::to_string(100 + i) + " .5 .1 .1\n";
        return text;
    };
    put("labels/train/t0.txt", rows(50));
    EXPECT_THAT(found(), Not(Contains("dataset/class-imbalance data.yaml")));
    put("labels/train/t0.txt", rows(51));
    EXPECT_THAT(found(), Contains("dataset/class-imbalance data.yaml"));
}

TEST_F(DatasetRulesTest, AmbiguousLabel) {
    put("images/train/t0.png", picture(7));
    const auto all = findings();
    EXPECT_THAT(brief(all), ElementsAre("dataset/ambiguous-label images/train/t0.jpg",
                                        "image/format-mismatch images/train/t0.png"));
    EXPECT_THAT(all[0].related, ElementsAre("images/train/t0.png", "labels/train/t0.txt"));
    EXPECT_EQ(verify(open(), {}).rows, 3u);  // a shared label's rows count once
}

TEST_F(DatasetRulesTest, MixedFormats) {
    put("labels/train/t0.txt", "0 .2 .2 .8 .3 .4 .9\n");
    EXPECT_EQ(only().severity, Severity::info);
    EXPECT_EQ(only().rule, "dataset/mixed-formats");
    config("val: images/val\nnames: [cat, dog]\ntask: segment\n");
    EXPECT_EQ(only().severity, Severity::error);
    EXPECT_EQ(only().verdict, Verdict::aborts);
    // Both kinds in one file are that file's fault.
    put("labels/train/t0.txt", "0 .2 .2 .8 .3 .4 .9\n0 .5 .5 .4 .4\n");
    EXPECT_THAT(found(), ElementsAre("label/mixed-formats labels/train/t0.txt"));
}

TEST_F(DatasetRulesTest, LabelPathAmbiguous) {
    put("images/train/images/x.jpg", picture(5));
    put("images/train/labels/x.txt", "0 .5 .5 .4 .4\n");
    const auto all = findings();
    ASSERT_THAT(brief(all), Contains("dataset/label-path-ambiguous data.yaml"));
    EXPECT_THAT(all[0].related, ElementsAre("images/train/images/x.jpg"));
}

TEST_F(DatasetRulesTest, CaseMismatch) {
    boost::filesystem::rename(at("images/train/t0.jpg"), at("images/train/T0.JPG"));
    boost::filesystem::rename(at("labels/train/t1.txt"), at("labels/train/t1.TXT"));
    put_pair("train/same", 3);
    put("images/train/Same.jpg", picture(4));  // same.txt belongs to same.jpg
    const auto all = findings();
    EXPECT_THAT(brief(all), ElementsAre("dataset/case-mismatch images/train/T0.JPG",
                                        "dataset/case-mismatch images/train/t1.jpg",
                                        "dataset/unused-class data.yaml",
                                        "label/missing labels/train/Same.txt"));
    EXPECT_THAT(all[2].related, ElementsAre("labels/train/t1.TXT"));
}

TEST_F(DatasetRulesTest, LabelBesideImage) {
    boost::filesystem::rename(at("labels/train/t0.txt"), at("images/train/t0.txt"));
    put("images/train/t1.txt", "A picture of a cat\n");
    const auto all = findings();
    EXPECT_THAT(brief(all), ElementsAre("dataset/label-beside-image images/train",
                                        "dataset/unlisted-file images/train/t1.txt",
                                        "dataset/unused-class data.yaml"));
    EXPECT_THAT(all[1].related, ElementsAre("images/train/t0.txt"));
}

TEST_F(DatasetRulesTest, LabelsFolderWhereLabelsBelongBesideImages) {
    boost::filesystem::create_directories(at("pics"));
    boost::filesystem::rename(at("images/train"), at("pics/train"));
    boost::filesystem::create_directories(at("pics/labels"));
    boost::filesystem::rename(at("labels/train"), at("pics/labels/train"));
    put("data.yaml", "train: pics/train\nval: images/val\nnames: [cat, dog]\n");
    const auto all = findings();
    EXPECT_THAT(brief(all),
                ElementsAre("dataset/label-beside-image pics/train", "dataset/no-labels data.yaml",
                            "dataset/unused-class data.yaml", "dataset/unused-class data.yaml"));
}

TEST_F(DatasetRulesTest, UnlistedFiles) {
    put("images/train/notes.md", "text");
    put("images/train/a.jpg.bak", picture(5));
    put("images/train/classes.txt", "cat\n");
    put("images/train/.hidden", "x");
    const auto all = findings();
    ASSERT_THAT(brief(all), ElementsAre("dataset/unlisted-file images/train/a.jpg.bak",
                                        "dataset/unlisted-file images/train/notes.md"));
    EXPECT_EQ(all[0].severity, Severity::warning);
    EXPECT_EQ(all[1].severity, Severity::info);
}

TEST_F(DatasetRulesTest, StaleCaches) {
    put("labels/train.cache", "never opened");
    put("images/train/t0.npy", "never opened");
    for (const std::string name : {"images/train/t0.jpg", "images/train/t1.jpg",
                                   "labels/train/t0.txt", "labels/train/t1.txt"})
        set_time(name, 1'000'000);
    set_time("labels/train.cache", 1'000'001);
    set_time("images/train/t0.npy", 1'000'001);
    EXPECT_THAT(found(), IsEmpty());
    set_time("labels/train/t1.txt", 1'000'002);
    EXPECT_THAT(found(), ElementsAre("dataset/stale-cache labels/train.cache"));
    set_time("images/train/t0.jpg", 1'000'002);
    EXPECT_THAT(found(), ElementsAre("dataset/stale-cache images/train/t0.npy",
                                     "dataset/stale-cache labels/train.cache"));
}

}  // namespace
}  // namespace yolodata
