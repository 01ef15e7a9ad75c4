// SPDX-License-Identifier: Apache-2.0
#include "pack/source_names.hpp"

#include <gtest/gtest.h>

namespace yolodata::pack {
namespace {

Dataset dataset_of(std::initializer_list<const char*> paths) {
    Dataset dataset;
    for (const char* path : paths) {
        ImageRef image;
        image.path = path;
        dataset.images.push_back(image);
    }
    return dataset;
}

TEST(SourceNames, PathsBelowTheRootStay) {
    const SourceNames names(dataset_of({"images/a.jpg"}));
    EXPECT_EQ(names.name("images/a.jpg"), "images/a.jpg");
}

TEST(SourceNames, OutsideThePathCountsFromTheDeepestSharedFolder) {
    const SourceNames names(dataset_of({"a.jpg", "/home/alice/pool/images1/x.jpg", "/home/alice/pool/images2/y.jpg"}));
    EXPECT_EQ(names.name("/home/alice/pool/images1/x.jpg"), "outside/images1/x.jpg");
    EXPECT_EQ(names.name("/home/alice/pool/images2/y.jpg"), "outside/images2/y.jpg");
    const SourceNames one(dataset_of({"/home/alice/x.jpg"}));
    EXPECT_EQ(one.name("/home/alice/x.jpg"), "outside/x.jpg");
    const SourceNames same(dataset_of({"/d/images/train/x.jpg", "/d/images/train/y.jpg"}));
    EXPECT_EQ(same.name("/d/images/train/y.jpg"), "outside/y.jpg");
}

TEST(SourceNames, NoNameIsMadeTwice) {
    const SourceNames names(dataset_of({"/a/b/x.jpg", "/a/bc/x.jpg", "/z/x.jpg"}));
    EXPECT_EQ(names.name("/a/b/x.jpg"), "outside/a/b/x.jpg");
    EXPECT_EQ(names.name("/a/bc/x.jpg"), "outside/a/bc/x.jpg");
    EXPECT_EQ(names.name("/z/x.jpg"), "outside/z/x.jpg");
}

}  // namespace
}  // namespace yolodata::pack
