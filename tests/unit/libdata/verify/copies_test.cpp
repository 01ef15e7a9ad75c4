// SPDX-License-Identifier: Apache-2.0
// Copies of pictures: exact, of other coding, near; within a split and across.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "small_dataset.hpp"
#include "yolodata/image/decode.hpp"
#include "yolodata/verify/verify.hpp"

namespace yolodata {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CopiesTest : public SmallDataset {
 protected:
    /// Waves that differ by `seed` and survive another coding; no two of them look alike.
    static Picture waves(int seed, int width = 160, int height = 120) {
        Picture picture(width, height);
        for (int y = 0; y < height; ++y)
            for (int x = 0; x < width; ++x) {
                double v = 128;
                for (int k = 1; k < 6; ++k)
                    v += 20 * std::sin(k * (0.9 + 0.37 * seed) * x * 5 / width + seed * k) *
                         std::cos(k * (1.3 + 0.21 * seed) * y * 4 / height + 2 * seed + k);
                std::uint8_t* pixel = picture.row(y) + 3 * x;
                pixel[0] = static_cast<std::uint8_t>(std::clamp(v, 0.0, 255.0));
                pixel[1] = static_cast<std::uint8_t>(std::clamp(v * 0.9, 0.0, 255.0));
                pixel[2] = static_cast<std::uint8_t>(std::clamp(250 - v, 0.0, 255.0));
            }
        return picture;
    }
    static Picture mirrored(const Picture& picture) {
        Picture out(picture.width, picture.height);
        for (int y = 0; y < picture.height; ++y)
            for (int x = 0; x < picture.width; ++x)
                std::copy_n(picture.row(y) + 3 * x, 3, out.row(y) + 3 * (picture.width - 1 - x));
        return out;
    }
    void put_image(const std::string& name, const Picture& picture, int quality = 95,
                   const std::string& label = "0 .5 .5 .4 .4\n") const {
        const bool png = name.ends_with(".png");
        const auto bytes = png ? encode_png(picture) : encode_jpeg(picture, quality);
        put("images/" + name, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
        put("labels/" + name.substr(0, name.size() - 4) + ".txt", label);
    }
    void put_raw(const std::string& name, const std::string& from) const {
        boost::filesystem::copy_file(at("images/" + from), at("images/" + name));
        put("labels/" + name.substr(0, name.size() - 4) + ".txt", "0 .5 .5 .4 .4\n");
    }
    std::vector<Finding> findings(int near = 4, int jobs = 2) const {
        VerifyOptions options;
        options.examine.looks = true;
        options.near = near;
        options.jobs = jobs;
        auto all = verify(open(), options).findings;
        std::erase_if(all, [](const Finding& f) { return f.rule == "dataset/unused-class"; });
        return all;
    }
    std::vector<std::string> found(int near = 4) const { return brief(findings(near)); }
};

TEST_F(CopiesTest, DifferentPicturesGiveNoFinding) {
    for (int i = 0; i < 12; ++i)
        put_image((i < 8 ? "train/a" : "val/a") + std::to_string(i) + ".jpg", waves(i));
    EXPECT_THAT(found(), IsEmpty());
}

TEST_F(CopiesTest, SameBytesInASplitAndAcross) {
    put_image("train/a.jpg", waves(0));
    put_image("val/v.jpg", waves(1));
    put_raw("train/b.jpg", "train/a.jpg");
    put_raw("val/c.jpg", "train/a.jpg");
    const auto all = findings();
    EXPECT_THAT(brief(all), ElementsAre("dataset/duplicate-image images/train/b.jpg",
                                        "dataset/split-leak images/val/c.jpg"));
    EXPECT_THAT(all[0].related, ElementsAre("images/train/a.jpg"));
    EXPECT_THAT(all[1].message,
                HasSubstr("the same bytes as images/train/a.jpg of the split train"));
}

TEST_F(CopiesTest, SamePixelsInAnotherFormat) {
    put_image("train/a.png", waves(0));
    const auto bytes = encode_jpeg(waves(2), 90);
    put("images/train/b.jpg", {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    put("labels/train/b.txt", "0 .5 .5 .4 .4\n");
    put_image("val/b.png", decode(bytes));  // what the JPEG decodes to, exactly
    const auto all = findings();
    EXPECT_THAT(brief(all), ElementsAre("dataset/split-leak images/val/b.png"));
    EXPECT_THAT(all[0].message, HasSubstr("the same pixels"));
}

TEST_F(CopiesTest, ANearCopyIsNoSamePicture) {
    put_image("train/a.png", waves(0));
    put_image("train/b.jpg", waves(0), 60);
    put_image("val/c.jpg", mirrored(waves(0)), 80);
    const auto all = findings();
    EXPECT_THAT(brief(all), ElementsAre("dataset/near-duplicate-image images/train/b.jpg",
                                        "dataset/near-split-leak images/val/c.jpg"));
    EXPECT_THAT(all[1].message, HasSubstr("mirrored or turned"));
}

TEST_F(CopiesTest, OtherLabelsOfTheSamePictureConflict) {
    put_image("train/a.jpg", waves(0), 95, "0 .5 .5 .4 .4\n1 .2 .2 .1 .1\n");
    put_image("train/b.jpg", waves(0), 95, "1 .2 .2 .1 .1\n0 0.50 0.5 4e-1 .4\n");  // the same
    put_image("train/c.jpg", waves(0), 95, "1 .5 .5 .4 .4\n1 .2 .2 .1 .1\n");
    put_image("train/d.jpg", waves(0), 95, "");
    put_image("val/v.jpg", waves(1));
    EXPECT_THAT(found(), ElementsAre("dataset/conflicting-labels images/train/c.jpg",
                                     "dataset/conflicting-labels images/train/d.jpg",
                                     "dataset/duplicate-image images/train/b.jpg",
                                     "dataset/duplicate-image images/train/c.jpg",
                                     "dataset/duplicate-image images/train/d.jpg",
                                     "label/empty labels/train/d.txt"));
}

TEST_F(CopiesTest, OneFileInTwoSplitsLeaksUnlessTheSplitsAreIdentical) {
    put_image("train/a.jpg", waves(0));
    put_image("train/b.jpg", waves(1));
    put("some.txt", "./images/train/a.jpg\n");
    put("data.yaml", "train: images/train\nval: some.txt\nnames: [cat, dog]\n");
    EXPECT_THAT(found(), ElementsAre("dataset/split-leak images/train/a.jpg"));
    put("data.yaml", "train: images/train\nval: images/train\nnames: [cat, dog]\n");
    EXPECT_THAT(found(), ElementsAre("dataset/identical-splits data.yaml"));
}

TEST_F(CopiesTest, BlankPicturesAreNoNearCopies) {
    for (int i = 0; i < 3; ++i) {
        Picture blank(64, 48);
        std::fill(blank.rgb.begin(), blank.rgb.end(), static_cast<std::uint8_t>(60 * i));
        put_image("train/blank" + std::to_string(i) + ".png", blank);
    }
    put_image("val/v.jpg", waves(1));
    EXPECT_THAT(found(), ElementsAre("image/blank images/train/blank0.png",
                                     "image/blank images/train/blank1.png",
                                     "image/blank images/train/blank2.png"));
}

TEST_F(CopiesTest, DoesNotDependOnTheNumberOfJobs) {
    for (int i = 0; i < 30; ++i)
        put_image((i % 3 != 0 ? "train/a" : "val/a") + std::to_string(i) + ".jpg", waves(i % 7),
                  60 + i);
    const auto one = findings(4, 1), many = findings(4, 8);
    ASSERT_EQ(one.size(), many.size());
    EXPECT_GT(one.size(), 20u);
    for (std::size_t i = 0; i < one.size(); ++i) {
        EXPECT_EQ(one[i].path, many[i].path);
        EXPECT_EQ(one[i].message, many[i].message);
    }
}

}  // namespace
}  // namespace yolodata
