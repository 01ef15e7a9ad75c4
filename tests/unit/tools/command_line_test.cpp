// SPDX-License-Identifier: Apache-2.0
#include "common/command_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct CommandLineTest : testing::Test {
    tools::CommandLine cli{"yolotrain fit", "Trains."};
    int epochs = 100;
    double lr0 = 0.01;
    bool rect = true, quiet = false;
    std::string device = "auto", resume;
    std::vector<std::string> split, sources;
    tools::ByteSize memory;

    CommandLineTest() {
        cli.group("Training");
        cli.option("epochs", &epochs, "N", "how long").min = 1;
        cli.option("lr0", &lr0, "RATE", "initial rate").min = 0;
        cli.flag("rect", &rect, "rectangles");
        auto& d = cli.option("device", &device, "DEVICE", "where");
        d.choices = {"auto", "cpu"};
        d.aliases = {{"-1", "auto"}};
        cli.option("resume", &resume, "RUN", "go on").value_optional = true;
        cli.option("split", &split, "NAME,…", "which");
        cli.option("max-memory", &memory, "SIZE", "limit");
        cli.flag("quiet", &quiet, "no talk").short_name = 'q';
        cli.ignore_keys({"plots", "half_precision"});
        cli.positional("SOURCE", &sources, "pictures", false);
    }

    void parse(std::vector<const char*> arguments) {
        arguments.insert(arguments.begin(), "program");
        cli.parse(static_cast<int>(arguments.size()), arguments.data());
    }

    std::string refusal(std::vector<const char*> arguments) {
        try {
            parse(std::move(arguments));
        } catch (const tools::UsageError& e) {
            return e.message;
        }
        return "";
    }
};

TEST_F(CommandLineTest, ThreeSpellingsOfOneOption) {
    parse({"--epochs", "3"});
    EXPECT_EQ(epochs, 3);
    parse({"--epochs=4"});
    EXPECT_EQ(epochs, 4);
    parse({"epochs=5", "max_memory=2GiB"});
    EXPECT_EQ(epochs, 5);
    EXPECT_EQ(memory.bytes, 2ull << 30);
    EXPECT_TRUE(cli.given("epochs"));
    EXPECT_FALSE(cli.given("lr0"));
}

TEST_F(CommandLineTest, DashesAndUnderscoresAreAlike) {
    parse({"--max_memory", "1MiB"});
    EXPECT_EQ(memory.bytes, 1u << 20);
}

TEST_F(CommandLineTest, Booleans) {
    parse({"--no-rect", "-q"});
    EXPECT_FALSE(rect);
    EXPECT_TRUE(quiet);
    parse({"rect=True", "quiet=0"});
    EXPECT_TRUE(rect);
    EXPECT_FALSE(quiet);
    parse({"--rect", "False", "a.jpg"});
    EXPECT_FALSE(rect);
    EXPECT_THAT(sources, ElementsAre("a.jpg"));
    parse({"--rect", "b.jpg"});
    EXPECT_TRUE(rect);
    EXPECT_THAT(sources, ElementsAre("b.jpg"));
}

TEST_F(CommandLineTest, ListsAndPositionals) {
    parse({"--split", "train,val", "dir/a=b.jpg", "./x=1", "--", "--odd.jpg"});
    EXPECT_THAT(split, ElementsAre("train", "val"));
    EXPECT_THAT(sources, ElementsAre("dir/a=b.jpg", "./x=1", "--odd.jpg"));
}

TEST_F(CommandLineTest, OptionalValueOnlyByEqualsSign) {
    parse({"--resume", "a.jpg"});
    EXPECT_TRUE(cli.given("resume"));
    EXPECT_EQ(resume, "");
    EXPECT_THAT(sources, ElementsAre("a.jpg"));
    parse({"--resume=runs/exp"});
    EXPECT_EQ(resume, "runs/exp");
}

TEST(CommandLineSpareWord, GoesToTheOptionThatAsksForIt) {
    const auto parse = [](std::vector<const char*> arguments) {
        tools::CommandLine cli("yolodata checksum", "Sums.");
        std::string path, check;
        auto& option = cli.option("check", &check, "FILE", "compare");
        option.value_optional = option.takes_spare_word = true;
        cli.positional("PATH", &path, "the dataset");
        arguments.insert(arguments.begin(), "program");
        cli.parse(static_cast<int>(arguments.size()), arguments.data());
        return path + " " + (cli.given("check") ? "check:" + check : "write");
    };
    EXPECT_EQ(parse({"data"}), "data write");
    EXPECT_EQ(parse({"data", "--check"}), "data check:");
    EXPECT_EQ(parse({"--check", "data"}), "data check:");
    EXPECT_EQ(parse({"data", "--check", "sums"}), "data check:sums");
    EXPECT_EQ(parse({"--check", "sums", "data"}), "data check:sums");
    EXPECT_EQ(parse({"data", "--check=sums"}), "data check:sums");
    EXPECT_THROW(parse({"data", "more", "--check"}), tools::UsageError);
}

TEST_F(CommandLineTest, ChoicesAndAliases) {
    parse({"device=-1"});
    EXPECT_EQ(device, "auto");
    EXPECT_THAT(refusal({"--device", "cup"}), HasSubstr("did you mean 'cpu'"));
}

TEST_F(CommandLineTest, RefusesBadNumbersByName) {
    for (const char* bad : {"nan", "inf", "-1", "1e400", "0,5", "", "1x"}) {
        EXPECT_THAT(refusal({"--lr0", bad}), HasSubstr("--lr0")) << bad;
    }
    EXPECT_THAT(refusal({"epochs=0"}), HasSubstr("at least 1"));
    EXPECT_THAT(refusal({"epochs=1.5"}), HasSubstr("'1.5'"));
}

TEST_F(CommandLineTest, UnknownOptionsGetAHint) {
    EXPECT_THAT(refusal({"--epoch", "3"}), HasSubstr("did you mean '--epochs'"));
    EXPECT_THAT(refusal({"epohcs=3"}), HasSubstr("did you mean '--epochs'"));
    EXPECT_THAT(refusal({"-x"}), HasSubstr("unknown option '-x'"));
    EXPECT_THAT(refusal({"--epochs"}), HasSubstr("needs a value"));
}

TEST_F(CommandLineTest, IgnoredKeysAreNamedAndTakeTheirValue) {
    parse({"plots=True", "--half-precision", "yes", "a.jpg"});
    EXPECT_THAT(cli.ignored(), ElementsAre("plots", "half-precision"));
    EXPECT_THAT(sources, ElementsAre("a.jpg"));
}

TEST_F(CommandLineTest, ConfigNeverOverridesTheCommandLine) {
    parse({"epochs=7"});
    EXPECT_TRUE(cli.set_from_config("epochs", "9"));
    EXPECT_TRUE(cli.set_from_config("lr0", "0.5"));
    EXPECT_FALSE(cli.set_from_config("nonsense", "1"));
    EXPECT_EQ(epochs, 7);
    EXPECT_EQ(lr0, 0.5);
}

}  // namespace
