// SPDX-License-Identifier: Apache-2.0
#include "journal.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "../core/scratch_folder.hpp"
#include "journal_line.hpp"
#include "yolodata/core/error.hpp"

namespace yolodata {
namespace {

class JournalTest : public ScratchFolder {
 protected:
    std::string quarantine = folder + "/q";
    std::string file = quarantine + "/yolodata.repair/journal.jsonl";
    static JournalEntry entry(std::uint64_t number, std::string path) {
        JournalEntry e;
        e.number = number;
        e.path = std::move(path);
        e.size = 7;
        e.mtime_ns = -3;
        e.hashed = true;
        e.before[0] = std::byte{0xAB};
        e.after[31] = std::byte{0xCD};
        return e;
    }
};

TEST_F(JournalTest, ReadsWhatWasWritten) {
    {
        Journal journal = Journal::create(quarantine);
        journal.note_folder("labels", 5);
        journal.note_folder("labels", 6);
        journal.append(entry(1, "labels/\xFF\n.txt"));
    }
    const auto journal = Journal::open(quarantine);
    ASSERT_TRUE(journal);
    ASSERT_EQ(journal->entries().size(), 1u);
    const JournalEntry& read = journal->entries()[0];
    EXPECT_EQ(read.path, "labels/\xFF\n.txt");
    EXPECT_EQ(read.mtime_ns, -3);
    EXPECT_EQ(read.before, entry(1, "").before);
    EXPECT_EQ(read.after, entry(1, "").after);
    EXPECT_EQ(journal->folders().at("labels"), 5);
    EXPECT_FALSE(journal->finished());
}

TEST_F(JournalTest, AHalfWrittenLineWasNeverActedOn) {
    {
        Journal journal = Journal::create(quarantine);
        journal.append(entry(1, "a"));
    }
    std::ofstream(file, std::ios::app) << R"({"n":2,"do":"rew)";
    EXPECT_EQ(Journal::open(quarantine)->entries().size(), 1u);
    std::ofstream(file, std::ios::app) << "\n";
    EXPECT_THROW(Journal::open(quarantine), Error);
}

TEST_F(JournalTest, OneAtATime) {
    EXPECT_FALSE(Journal::open(quarantine));
    const Journal journal = Journal::create(quarantine);
    EXPECT_THROW(Journal::create(quarantine), Error);
    EXPECT_THROW(Journal::open(quarantine), Error);
}

TEST_F(JournalTest, RemovesItselfAndLeavesWhatIsNotItsOwn) {
    {
        Journal journal = Journal::create(quarantine);
        put("q/yolodata.repair/old/1", "x");
        put("q/mine", "x");
        journal.remove();
    }
    EXPECT_FALSE(std::ifstream(file).good());
    EXPECT_TRUE(std::ifstream(quarantine + "/mine").good());
}

TEST(JournalLine, NoPathLeadsOutside) {
    for (const char* path : {"/etc/x", "../x", "a/../../x", "a/..", "..", ""}) {
        JournalEntry entry;
        entry.path = path;
        EXPECT_ANY_THROW(parse_journal_line(entry_line(entry))) << path;
    }
}

}  // namespace
}  // namespace yolodata
