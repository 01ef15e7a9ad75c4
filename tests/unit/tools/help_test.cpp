// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "common/command_line.hpp"
#include "common/help.hpp"

namespace {

using testing::HasSubstr;

TEST(Help, ShowsGroupsDefaultsAndChoices) {
    tools::CommandLine cli("yolodata pack", "Packs.");
    int imgsz = 640;
    bool rect = true;
    std::string codec = "raw", path;
    cli.group("Pictures");
    cli.option("imgsz", &imgsz, "N", "long side, px");
    cli.option("codec", &codec, "NAME", "how pixels are stored").choices = {"raw", "jpeg"};
    cli.flag("rect", &rect, "rectangular batches");
    cli.positional("PATH", &path, "the dataset");
    const std::string help = cli.help();
    EXPECT_THAT(help, HasSubstr("Usage: yolodata pack [OPTIONS] PATH\n"));
    EXPECT_THAT(help, HasSubstr("\nPictures:\n"));
    EXPECT_THAT(help, HasSubstr("--imgsz N"));
    EXPECT_THAT(help, HasSubstr("[640]"));
    EXPECT_THAT(help, HasSubstr("--codec raw|jpeg"));
    EXPECT_THAT(help, HasSubstr("--no-rect turns it off"));
}

TEST(Help, LinesFitAHundredColumns) {
    tools::CommandLine cli("x", "y");
    int n = 1;
    std::string words;
    for (int i = 0; i < 60; ++i) words += "word ";
    cli.option("a-rather-long-option-name", &n, "METAVAR", words);
    std::istringstream lines(cli.help());
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
}

TEST(Man, EscapesWhatTroffWouldTakeForARequest) {
    const tools::HelpText text{"yolodata pack", "Packs.", ".first\n'second\nback\\slash", {{"PATH", "the dataset", true, false}}};
    int jobs = 2;
    tools::Option option;
    option.name = "max-jobs";
    option.target = &jobs;
    option.metavar = "N";
    option.help = "threads";
    option.group = "Speed";
    option.default_text = "2";
    const std::string page = tools::format_man(text, {option});
    EXPECT_THAT(page, HasSubstr(".TH YOLODATA-PACK 1"));
    EXPECT_THAT(page, HasSubstr("\n\\&.first\n\\&'second\nback\\eslash\n"));
    EXPECT_THAT(page, HasSubstr("\\fB\\-\\-max\\-jobs\\fR N\nthreads (default: 2)"));
}

}  // namespace
