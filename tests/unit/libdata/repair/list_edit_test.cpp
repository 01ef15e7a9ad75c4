// SPDX-License-Identifier: Apache-2.0
#include "list_edit.hpp"

#include <gmock/gmock.h>

#include "../core/scratch_folder.hpp"

namespace yolodata {
namespace {

class ListEditTest : public ScratchFolder {};

TEST_F(ListEditTest, LinesAreResolvedAsSplitsReadThem) {
    put("images/a.jpg", "");
    put("lists/images/a.jpg", "");  // the root comes first
    put("lists/images/b.jpg", "");
    Dataset dataset;
    dataset.root = boost::filesystem::canonical(folder).native();
    const std::string text = "\xEF\xBB\xBFimages/a.jpg\r\n  ./images/b.jpg\nimages/b.jpg \n" +
                             dataset.root + "/images/a.jpg\rnotes\nimages/c.jpg";
    const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
    const auto of = [&](const std::set<std::string>& gone) {
        std::vector<std::uint32_t> lines;
        for (const DroppedLine& dropped : lines_naming(bytes, dataset, "lists/train.txt", gone))
            lines.push_back(dropped.line);
        return lines;
    };
    EXPECT_THAT(of({"images/a.jpg"}), testing::ElementsAre(1, 4));
    EXPECT_THAT(of({"lists/images/b.jpg"}), testing::ElementsAre(2, 3));
    EXPECT_THAT(of({"images/c.jpg"}), testing::ElementsAre(6));

    std::vector<Splice> splices;
    for (DroppedLine& dropped :
         lines_naming(bytes, dataset, "lists/train.txt", {"images/a.jpg", "images/c.jpg"}))
        splices.push_back(std::move(dropped.splice));
    const auto left = apply_splices(bytes, splices);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(left.data()), left.size()),
              "\xEF\xBB\xBF  ./images/b.jpg\nimages/b.jpg \nnotes\n");
}

}  // namespace
}  // namespace yolodata
