// SPDX-License-Identifier: Apache-2.0
#include "yolodata/core/dataset.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include "scratch_folder.hpp"
#include "yolodata/core/error.hpp"

namespace yolodata {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class DatasetTest : public ScratchFolder {
 protected:
    // Images need not be images here: opening a dataset reads none.
    void images(const std::vector<std::string>& names) const {
        for (const std::string& name : names) put(name, "x");
    }
    Dataset with(const std::string& yaml, const OpenOptions& options = {}) const {
        return open_dataset(put("data.yaml", yaml), options);
    }
    static std::vector<std::string> paths(const Dataset& dataset) {
        std::vector<std::string> all;
        for (const ImageRef& image : dataset.images) all.push_back(image.path);
        return all;
    }
    static std::vector<std::string> paths(const Dataset& dataset, const std::string& split) {
        std::vector<std::string> all;
        if (const Split* s = dataset.find_split(split))
            for (const std::uint32_t i : s->images) all.push_back(dataset.images[i].path);
        return all;
    }
    static std::vector<std::string> rules(const Dataset& dataset) {
        std::vector<std::string> all;
        for (const Finding& finding : dataset.findings) all.emplace_back(finding.rule);
        return all;
    }
    const std::string usual = "path: .\ntrain: images/train\nval: images/val\nnames: [cat, dog]\n";
    void usual_images() const {
        images({"images/train/a.jpg", "images/train/b.png", "images/val/c.jpg"});
    }
};

TEST_F(DatasetTest, UsualLayout) {
    usual_images();
    images({"labels/train/a.txt", "labels/val/lost.txt", "labels/val/classes.txt",
            "labels/val/.hidden.txt"});
    const Dataset dataset = with(usual);
    EXPECT_THAT(paths(dataset),
                ElementsAre("images/train/a.jpg", "images/train/b.png", "images/val/c.jpg"));
    EXPECT_THAT(paths(dataset, "val"), ElementsAre("images/val/c.jpg"));
    EXPECT_EQ(dataset.config, "data.yaml");
    EXPECT_EQ(dataset.class_count, 2u);
    EXPECT_THAT(dataset.names, ElementsAre("cat", "dog"));
    EXPECT_TRUE(dataset.images[0].has_label);
    EXPECT_FALSE(dataset.images[1].has_label);
    EXPECT_EQ(dataset.images[1].label_path, "labels/train/b.txt");
    EXPECT_THAT(dataset.orphan_labels, ElementsAre("labels/val/lost.txt"));
    EXPECT_THAT(dataset.findings, IsEmpty());
    EXPECT_FALSE(dataset.task_stated);
}

TEST_F(DatasetTest, LabelPaths) {
    EXPECT_EQ(label_path_of("/d/images/train/a.jpg"), "/d/labels/train/a.txt");
    EXPECT_EQ(label_path_of("/images/x/images/a.b.jpg"), "/images/x/labels/a.b.txt");
    EXPECT_EQ(label_path_of("/d/obj/a.JPG"), "/d/obj/a.txt");
    EXPECT_EQ(label_path_of("/d/my_images/a.jpg"), "/d/my_images/a.txt");
}

TEST_F(DatasetTest, NestedFoldersHiddenNamesAndOtherSuffixes) {
    images({"images/train/x/y/deep.JPEG", "images/train/.hidden.jpg", "images/train/.cache/h.jpg",
            "images/train/a.gif", "images/train/noext", "images/val/v.webp",
            "labels/train/x/y/deep.txt", "labels/train/x/z/lost.txt"});
    const Dataset dataset = with(usual);
    EXPECT_THAT(paths(dataset), ElementsAre("images/train/x/y/deep.JPEG", "images/val/v.webp"));
    EXPECT_TRUE(dataset.images[0].has_label);
    EXPECT_THAT(dataset.orphan_labels, ElementsAre("labels/train/x/z/lost.txt"));
}

TEST_F(DatasetTest, LinksAreFollowedLoopsEndAndNothingCountsTwice) {
    usual_images();
    images({"elsewhere/e.jpg"});
    ASSERT_EQ(::symlink("..", at("images/train/loop").c_str()), 0);
    ASSERT_EQ(::symlink("../../elsewhere", at("images/train/more").c_str()), 0);
    ASSERT_EQ(::symlink("../../elsewhere", at("images/train/again").c_str()), 0);
    ASSERT_EQ(::symlink("self.jpg", at("images/train/self.jpg").c_str()), 0);
    const Dataset dataset = with(usual);
    EXPECT_THAT(paths(dataset, "train"),
                ElementsAre("images/train/a.jpg", "images/train/again/e.jpg", "images/train/b.png",
                            "images/train/self.jpg", "images/val/c.jpg"));
}

TEST_F(DatasetTest, AFileThatASplitReachesOverALinkIsTheOneThatAnotherNames) {
    images({"images/train/a.jpg", "images/train/b.jpg", "images/val/c.jpg", "labels/train/a.txt",
            "labels/train/b.txt", "labels/val/c.txt"});
    ASSERT_EQ(::symlink("../train", at("images/val/more").c_str()), 0);
    ASSERT_EQ(::symlink("../train", at("labels/val/more").c_str()), 0);
    const Dataset dataset = with(usual);
    EXPECT_THAT(paths(dataset, "val"),
                ElementsAre("images/train/a.jpg", "images/train/b.jpg", "images/val/c.jpg"));
    ASSERT_EQ(dataset.images.size(), 3u);
    EXPECT_EQ(dataset.images[0].splits, 3u);
    EXPECT_TRUE(dataset.images[0].has_label);
    EXPECT_THAT(dataset.orphan_labels, IsEmpty());
}

TEST_F(DatasetTest, AFileReachedOverALinkIsAnotherWhereItHasAnotherLabel) {
    images({"images/train/a.jpg", "images/train/b.jpg", "images/val/c.jpg", "labels/train/a.txt",
            "labels/val/more/b.txt"});
    ASSERT_EQ(::symlink("../train", at("images/val/more").c_str()), 0);
    const Dataset dataset = with(usual);
    EXPECT_THAT(paths(dataset, "val"),
                ElementsAre("images/train/a.jpg", "images/val/c.jpg", "images/val/more/b.jpg"));
    EXPECT_EQ(dataset.images.size(), 4u);
}

TEST_F(DatasetTest, NamesThatAreNotUtf8) {
    images({"images/train/\xFF\n.jpg", "images/val/v.jpg", "labels/train/\xFF\n.txt"});
    const Dataset dataset = with(usual);
    EXPECT_THAT(paths(dataset, "train"), ElementsAre("images/train/\xFF\n.jpg"));
    EXPECT_TRUE(dataset.images[0].has_label);
}

TEST_F(DatasetTest, ListFiles) {
    images({"images/a.jpg", "images/b.jpg", "sub/images/c.jpg", "images/not-listed.jpg",
            "labels/not-listed.txt"});
    put("train.txt",
        "./images/a.jpg\r\n\n" + at("images/b.jpg") + "\n./images/notes.md\n./images/gone.jpg\n");
    put("sub/val.txt", "./images/c.jpg\n");
    const Dataset dataset = with("train: train.txt\nval: sub/val.txt\nnc: 1\n");
    EXPECT_THAT(paths(dataset, "train"),
                ElementsAre("images/a.jpg", "images/b.jpg", "images/gone.jpg"));
    EXPECT_THAT(paths(dataset, "val"), ElementsAre("sub/images/c.jpg"));
    EXPECT_THAT(dataset.list_files, ElementsAre("sub/val.txt", "train.txt"));
    EXPECT_EQ(dataset.list_files[dataset.images[2].list - 1], "train.txt");
    EXPECT_EQ(dataset.list_files[dataset.images[3].list - 1], "sub/val.txt");
    EXPECT_THAT(dataset.orphan_labels, IsEmpty());
    EXPECT_THAT(dataset.findings, IsEmpty());
}

TEST_F(DatasetTest, RelativeLinesAndGlobsAreNotPortable) {
    usual_images();
    put("train.txt", "./images/train/a.jpg\nimages/train/b.png\n");
    const Dataset dataset = with("train: train.txt\nval: images/v*\nnc: 1\n");
    EXPECT_THAT(paths(dataset),
                ElementsAre("images/train/a.jpg", "images/train/b.png", "images/val/c.jpg"));
    ASSERT_THAT(rules(dataset), ElementsAre("dataset/not-portable", "dataset/not-portable"));
    EXPECT_EQ(dataset.findings[0].path, "train.txt");
    EXPECT_EQ(dataset.findings[0].line, 2u);
    EXPECT_EQ(dataset.findings[1].path, "data.yaml");
}

TEST_F(DatasetTest, Globs) {
    images({"images/train/a.jpg", "images/train/b.png", "images/train/deep/er/c.jpg",
            "images/v[1]/v.jpg"});
    EXPECT_THAT(paths(with("train: images/train/*.jpg\nval: images/v[1]\nnc: 1\n")),
                ElementsAre("images/train/a.jpg", "images/v[1]/v.jpg"));
    EXPECT_THAT(paths(with("train: images/**/*.jpg\nval: images/train/b.png\nnc: 1\n")),
                ElementsAre("images/train/a.jpg", "images/train/b.png",
                            "images/train/deep/er/c.jpg", "images/v[1]/v.jpg"));
    EXPECT_THAT(rules(with("train: images/train\nval: images/*.tif\nnc: 1\n")),
                ElementsAre("dataset/split-missing"));
}

TEST_F(DatasetTest, ListsOfPlacesAndParentFolders) {
    images(
        {"train/images/a.jpg", "extra/images/b.jpg", "valid/images/c.jpg", "train/labels/a.txt"});
    const Dataset dataset =
        with("train: [../train/images, extra/images]\nval: ../valid/images\nnc: 1\nnames: [x]\n");
    EXPECT_THAT(paths(dataset, "train"), ElementsAre("extra/images/b.jpg", "train/images/a.jpg"));
    EXPECT_TRUE(dataset.images[1].has_label);
    EXPECT_THAT(dataset.findings, IsEmpty());
}

TEST_F(DatasetTest, PathKey) {
    images({"sub/images/train/a.jpg", "sub/images/val/b.jpg"});
    const Dataset relative = with("path: sub\ntrain: images/train\nval: images/val\nnc: 1\n");
    EXPECT_EQ(relative.root, boost::filesystem::canonical(at("sub")).native());
    EXPECT_THAT(paths(relative), ElementsAre("images/train/a.jpg", "images/val/b.jpg"));
    EXPECT_EQ(relative.config, boost::filesystem::canonical(at("data.yaml")).native());
    const Dataset absolute =
        with("path: " + at("sub") + "\ntrain: images/train\nval: images/val\nnc: 1\n");
    EXPECT_THAT(paths(absolute), ElementsAre("images/train/a.jpg", "images/val/b.jpg"));
    const Dataset nowhere = with("path: nowhere\ntrain: images/train\nval: images/val\nnc: 1\n");
    EXPECT_THAT(rules(nowhere), ElementsAre("dataset/split-missing", "dataset/split-missing"));
}

TEST_F(DatasetTest, AFileOfTwoSplitsStandsOnce) {
    usual_images();
    const Dataset dataset = with("train: images/train\nval: images/train\nnc: 1\n");
    EXPECT_THAT(paths(dataset), ElementsAre("images/train/a.jpg", "images/train/b.png"));
    EXPECT_EQ(dataset.images[0].splits, 3u);
    EXPECT_EQ(paths(dataset, "train"), paths(dataset, "val"));
}

TEST_F(DatasetTest, LabelsBesideImages) {
    images({"obj/a.jpg", "obj/b.jpg", "val/c.jpg"});
    put("obj/a.txt", "0 .5 .5 .1 .1\n");
    put("obj/gone.txt", "0 .5 .5 .1 .1\n");
    put("obj/README.txt", "What this is\n");
    put("obj/list.txt", "./a.jpg\n");
    const Dataset dataset = with("train: obj\nval: val\nnc: 1\n");
    EXPECT_TRUE(dataset.images[0].has_label);
    EXPECT_FALSE(dataset.images[1].has_label);
    EXPECT_THAT(dataset.orphan_labels, ElementsAre("obj/gone.txt"));
}

TEST_F(DatasetTest, SplitsThatAreMissingOrEmpty) {
    images({"images/train/a.jpg"});
    boost::filesystem::create_directories(at("images/val"));
    const Dataset dataset = with(usual + "test: images/test\n");
    ASSERT_THAT(rules(dataset), ElementsAre("dataset/split-empty", "dataset/split-missing"));
    EXPECT_EQ(dataset.findings[0].split, "val");
    EXPECT_EQ(dataset.findings[1].verdict, Verdict::never_sees);
    EXPECT_THAT(dataset.findings[1].related, ElementsAre("images/test"));
}

TEST_F(DatasetTest, InvalidConfigs) {
    usual_images();
    const std::string places = "train: images/train\nval: images/val\n";
    const std::vector<std::string> bad = {
        places,                             // neither names nor nc
        places + "nc: 3\nnames: [a, b]\n",  // disagree
        places + "names: {0: a, 2: b}\n",   // a gap
        places + "names: {x: a}\n",         // no index
        places + "names: just text\n",
        places + "nc: many\n",
        places + "nc: 0\n",
        places + "nc: 99999999999\n",
        "train: images/train\nnc: 1\n",  // no val
        "train: {a: b}\nval: images/val\nnc: 1\n",
        places + "nc: 1\nkpt_shape: [17]\n",
        places + "nc: 1\nkpt_shape: [2, 3]\nflip_idx: [0, 0]\n",
        places + "nc: 1\nkpt_shape: [2, 3]\nflip_idx: [0]\n",
    };
    for (const std::string& yaml : bad) {
        const Dataset dataset = with(yaml);
        EXPECT_THAT(rules(dataset), ElementsAre("dataset/config-invalid")) << yaml;
        EXPECT_TRUE(dataset.resolved);
        EXPECT_FALSE(dataset.images.empty()) << yaml;
    }
}

TEST_F(DatasetTest, ConfigsThatDoNotParse) {
    usual_images();
    for (const std::string& yaml :
         {usual + "names: [a", std::string("just text"), std::string(), "a: b: c\n" + usual,
          std::string(100'000, '['), std::string("- a\n- b\n")}) {
        const Dataset dataset = with(yaml);
        EXPECT_THAT(rules(dataset), ElementsAre("dataset/config-invalid")) << yaml.substr(0, 80);
        EXPECT_FALSE(dataset.resolved);
        EXPECT_TRUE(dataset.images.empty());
    }
}

TEST_F(DatasetTest, OddButValidConfigs) {
    usual_images();
    EXPECT_EQ(with("train: images/train\nvalidation: images/val\nnc: '2'\n").class_count, 2u);
    EXPECT_THAT(with("train: images/train\nval: images/val\nnc: 2\n").names,
                ElementsAre("class_0", "class_1"));
    EXPECT_THAT(
        with("train: images/train\nval: images/val\ntest:\nnames:\n  0: no\n  1: 1.50\n").names,
        ElementsAre("no", "1.50"));
    EXPECT_THAT(rules(with(usual + "download: rm -rf /\n")),
                ElementsAre("dataset/download-ignored"));
    EXPECT_THAT(rules(with("train: images/train\nval: images/val\nnames: [a, b, a]\n")),
                ElementsAre("dataset/duplicate-class-name"));
    const Dataset pose = with(usual + "kpt_shape: [5, 3]\nflip_idx: [1, 0, 2, 4, 3]\n");
    EXPECT_EQ(pose.task, Task::pose);
    EXPECT_EQ(pose.keypoints.points, 5u);
    EXPECT_EQ(with(usual + "task: obb\n").task, Task::obb);
    std::string utf16("\xFF\xFE", 2);
    for (const char c : usual) utf16 += {c, '\0'};
    EXPECT_THAT(with(utf16).findings, IsEmpty());
    const Dataset latin1 = with("train: images/train\nval: images/val\nnames: [caf\xE9]\n");
    EXPECT_THAT(rules(latin1), ElementsAre("dataset/config-invalid"));
    EXPECT_EQ(latin1.images.size(), 3u);
}

TEST_F(DatasetTest, FolderWithoutConfig) {
    images({"images/a.jpg", "images/train/b.jpg", "images/val/c.jpg", "labels/val/c.txt",
            "images/trainer/d.jpg"});
    const Dataset dataset = open_dataset(folder);
    EXPECT_THAT(paths(dataset, "train"),
                ElementsAre("images/a.jpg", "images/train/b.jpg", "images/trainer/d.jpg"));
    EXPECT_THAT(paths(dataset, "val"), ElementsAre("images/val/c.jpg"));
    EXPECT_EQ(dataset.find_split("test"), nullptr);
    EXPECT_FALSE(dataset.class_count.has_value());
    EXPECT_EQ(dataset.config, "");
    EXPECT_TRUE(dataset.images[3].has_label);
}

TEST_F(DatasetTest, OptionsOverrideTheConfig) {
    usual_images();
    EXPECT_EQ(with(usual, {.class_count = 7}).class_count, 7u);
    EXPECT_THAT(with(usual, {.names = {"x"}}).names, ElementsAre("x"));
    EXPECT_THROW(with(usual, {.class_count = 2, .names = {"x"}}), Error);
    const Dataset pose = with(usual, {.keypoints = KeypointShape{17, 3}});
    EXPECT_EQ(pose.task, Task::pose);
    EXPECT_TRUE(pose.task_stated);
}

TEST_F(DatasetTest, PathThatIsNotThere) {
    EXPECT_THROW(open_dataset(at("absent")), Error);
    EXPECT_THROW(open_dataset(folder), Error);  // neither data.yaml nor images/
}

}  // namespace
}  // namespace yolodata
