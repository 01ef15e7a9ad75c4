// SPDX-License-Identifier: Apache-2.0
#include "config_copy.hpp"

#include <gtest/gtest.h>

namespace yolodata {
namespace {

TEST(ConfigCopy, ThePathIsTheCopysOwn) {
    EXPECT_EQ(config_for_copy("# x\r\npath: /d/set # here\r\ntrain: /d/set/images\r\nnc: 2",
                              "/d/set", "."),
              "# x\r\npath: .\r\ntrain: images\r\nnc: 2");
    EXPECT_EQ(config_for_copy("train: images\n", "/d/set", "."), "train: images\n");
    EXPECT_EQ(config_for_copy("train: images\n", "/d/set", ".."), "path: ..\ntrain: images\n");
    EXPECT_EQ(config_for_copy("train: [/d/set/a, /d/set2/b]\n", "/d/set", "."),
              "train: [a, /d/set2/b]\n");
}

TEST(ConfigCopy, ListsBecomeRelativeToThemselves) {
    EXPECT_EQ(list_for_copy("/d/set/a.jpg\r\nb.jpg\n/d/set2/c.jpg", "/d/set", "."),
              "./a.jpg\r\nb.jpg\n/d/set2/c.jpg");
    EXPECT_EQ(list_for_copy("/d/set/a.jpg\n", "/d/set", ".."), "./../a.jpg\n");
}

}  // namespace
}  // namespace yolodata
