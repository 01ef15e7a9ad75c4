// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "../data/drawn_set.hpp"
#include "yolodata/core/error.hpp"
#include "yolotrain/run/args_file.hpp"
#include "yolotrain/run/event_log.hpp"
#include "yolotrain/run/results.hpp"
#include "yolotrain/run/run_folder.hpp"

namespace yolotrain {
namespace {

TEST(Results, HaveUltralyticsColumnsAndSixDigits) {
    EpochRow row;
    row.epoch = 3;
    row.time = 75.23921;
    row.train_loss = {4.825968, 3.137969, 3.84152};
    row.map50 = 1.0 / 3;
    row.lr = {0.00135789999, 0.00135789999, 4.965781e-05};
    const std::string text = results_csv({row});
    EXPECT_EQ(text,
              "epoch,time,train/box_loss,train/cls_loss,train/dfl_loss,metrics/precision(B),metrics/recall(B),"
              "metrics/mAP50(B),metrics/mAP50-95(B),val/box_loss,val/cls_loss,val/dfl_loss,lr/pg0,lr/pg1,lr/pg2\n"
              "3,75.2392,4.82597,3.13797,3.84152,0,0,0.333333,0,0,0,0,0.0013579,0.0013579,4.96578e-05\n");
    row.lr.resize(8, 0.5);  // MuSGD's groups
    EXPECT_NE(results_csv({row}).find("lr/pg6,lr/pg7\n"), std::string::npos);
    EXPECT_TRUE(results_csv({row}).ends_with("4.96578e-05,0.5,0.5,0.5,0.5,0.5\n"));
}

TEST(Args, AreYamlThatReadsBackAsTheSameText) {
    const Args args = {{"epochs", "80"}, {"lr0", "0.01"},      {"weights", ""},   {"data", "a b/data: x.yaml"},
                       {"name", "null"}, {"project", "runs/x"}, {"resume", "#no"}, {"quoted", "a\"b\\c"}};
    EXPECT_EQ(args_yaml(args),
              "epochs: 80\nlr0: 0.01\nweights: null\ndata: \"a b/data: x.yaml\"\nname: \"null\"\nproject: runs/x\n"
              "resume: \"#no\"\nquoted: \"a\\\"b\\\\c\"\n");
}

TEST(Events, AreOneJsonObjectALineAndCloseACutOne) {
    const test::ScratchFolder scratch;
    const std::string path = scratch / "events.jsonl";
    std::ofstream(path) << "{\"kind\":\"cut";
    Clock clock;
    clock.now = [] { return std::chrono::system_clock::time_point(std::chrono::milliseconds(1764090000123)); };
    EventLog log(path, clock);
    EXPECT_TRUE(log.append({.epoch = 2, .step = 7, .kind = "bad-record", .message = "m", .action = "a",
                            .shard = "s", .image = "odd \xff", .record = 0}));
    EXPECT_TRUE(log.append({.epoch = 3, .kind = "signal"}));
    std::istringstream lines(test::slurp(path));
    std::string cut, first, second, rest;
    std::getline(lines, cut);
    std::getline(lines, first);
    std::getline(lines, second);
    EXPECT_EQ(cut, "{\"kind\":\"cut");
    EXPECT_FALSE(std::getline(lines, rest));
    const auto event = nlohmann::json::parse(first);
    EXPECT_EQ(event.at("time"), "2025-11-25T17:00:00.123Z");
    EXPECT_EQ(event.at("record"), 0);
    EXPECT_EQ(event.at("shard"), "s");
    EXPECT_FALSE(nlohmann::json::parse(second).contains("record"));
}

TEST(Events, ThatCannotBeWrittenAreNoError) {
    EventLog log("/proc/no-such-folder/events.jsonl");
    EXPECT_FALSE(log.append({.kind = "signal"}));
}

TEST(RunFolder, TakesTheNextFreeNumber) {
    const test::ScratchFolder scratch;
    const std::string project = scratch / "deep/runs";
    const RunFolder first = RunFolder::create_next(project, "exp");
    const RunFolder second = RunFolder::create_next(project, "exp");
    const RunFolder third = RunFolder::create_next(project, "exp");
    EXPECT_EQ(first.path(), project + "/exp");
    EXPECT_EQ(second.path(), project + "/exp-2");
    EXPECT_EQ(third.path(), project + "/exp-3");
}

TEST(RunFolder, IsHeldByOne) {
    const test::ScratchFolder scratch;
    {
        const RunFolder held = RunFolder::open(scratch / "exp");
        try {
            RunFolder::open(scratch / "exp");
            FAIL() << "a second writer was let in";
        } catch (const yolodata::Error& error) {
            EXPECT_EQ(error.kind(), yolodata::ErrorKind::forbidden_state);
        }
    }
    EXPECT_NO_THROW(RunFolder::open(scratch / "exp"));
}

TEST(RunFolder, ClearsWhatARunWroteAndNothingElse) {
    const test::ScratchFolder scratch;
    RunFolder folder = RunFolder::open(scratch / "exp");
    std::filesystem::create_directories(folder.weights());
    for (const auto& file : {folder.last(), folder.best(), folder.results(), folder.events(), folder.args(),
                             folder.state() + "/checkpoint-000001-00000000.json", folder.path() + "/notes.txt",
                             folder.weights() + "/mine.onnx"}) {
        std::ofstream(file) << "x";
    }
    folder.clear();
    EXPECT_FALSE(std::filesystem::exists(folder.last()));
    EXPECT_FALSE(std::filesystem::exists(folder.results()));
    EXPECT_FALSE(std::filesystem::exists(folder.state() + "/checkpoint-000001-00000000.json"));
    EXPECT_TRUE(std::filesystem::exists(folder.path() + "/notes.txt"));
    EXPECT_TRUE(std::filesystem::exists(folder.weights() + "/mine.onnx"));
}

}  // namespace
}  // namespace yolotrain
