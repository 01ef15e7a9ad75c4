// SPDX-License-Identifier: Apache-2.0
#include "upkeep/check_shard.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_invoke.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <optional>

#include "shard/shard_file.hpp"
#include "upkeep/record_check.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/rules.hpp"
#include "yolodata/core/sha256.hpp"

namespace yolodata::shard {

namespace {

/// The words of an error of the reader without the file's name and the general remedy: a finding
/// has both.
std::string words_of(const Error& error, const std::string& path) {
    std::string text = error.what();
    if (text.starts_with(path + ": ")) text.erase(0, path.size() + 2);
    if (const auto remedy = text.find("; copy the shard set"); remedy != std::string::npos)
        text.resize(remedy);
    return text;
}

class ShardChecker {
 public:
    ShardChecker(const ShardTask& task, CheckContext& context) : task_(task), context_(context) {}

    ShardFindings run() {
        if (task_.listed != nullptr) {
            found_.records = task_.listed->records;
            found_.rows = task_.listed->rows;
        }
        if (!look_at_header() || !open() || !agrees_with_index_json()) {
            found_.bad_records = found_.records;
            if (!context_.fast) context_.records_done(found_.records);
            return std::move(found_);
        }
        if (!context_.fast) check_whole();
        return std::move(found_);
    }

 private:
    void add(std::string_view rule, std::string message) {
        found_.findings.push_back(make_finding(rule, task_.name, std::move(message)));
        if (task_.listed != nullptr) found_.findings.back().split = task_.listed->split;
    }

    bool look_at_header();
    bool open();
    bool agrees_with_index_json();
    void check_whole();
    void check_records(std::uint64_t begin, std::uint64_t end);
    void check_blocks();
    std::string digest() const;

    const ShardTask& task_;
    CheckContext& context_;
    ShardFindings found_;
    std::optional<ShardFile> file_;
    std::vector<format::IndexEntry> entries_;
    std::vector<format::BlockEntry> blocks_;
    std::mutex mutex_;
    std::atomic<std::uint64_t> rows_{0}, backgrounds_{0}, bad_{0};
};

/// What ShardFile would refuse too, told apart by rule.
bool ShardChecker::look_at_header() {
    const ScopedFd fd(::open(task_.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK), true);
    struct stat st;
    if (!fd || ::fstat(fd.get(), &st) != 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            add("shard/missing", "is listed in index.json and not there");
        else
            add("shard/unreadable", fmt::format("cannot be opened: {}", std::strerror(errno)));
        return false;
    }
    if (!S_ISREG(st.st_mode)) {
        add("shard/unreadable", "is a folder or special file");
        return false;
    }
    const auto size = static_cast<std::uint64_t>(st.st_size);
    found_.bytes = size;
    std::array<std::byte, format::header_bytes> head{};
    const ssize_t got = ::pread(fd.get(), head.data(), head.size(), 0);
    if (got < 0) {
        add("shard/unreadable", fmt::format("cannot be read: {}", std::strerror(errno)));
        return false;
    }
    const auto too_short = [&](std::uint64_t wanted, const char* who) {
        add("shard/truncated", fmt::format("has {} bytes where {} says {}", size, who, wanted));
        return false;
    };
    if (task_.listed != nullptr && size < task_.listed->bytes)
        return too_short(task_.listed->bytes, "index.json");
    if (static_cast<std::size_t>(got) < head.size())
        return too_short(head.size(), "a shard's header alone");
    try {
        const auto header = format::decode_header(head, task_.path);
        if (size < header.footer.file_bytes)
            return too_short(header.footer.file_bytes, "its header");
        if (size > header.footer.file_bytes) {
            add("shard/header", fmt::format("has {} bytes where its header says {}", size,
                                            header.footer.file_bytes));
            return false;
        }
        if (task_.listed == nullptr) found_.records = header.records;
        return true;
    } catch (const Error& error) {
        add("shard/header", words_of(error, task_.path));
        return false;
    }
}

bool ShardChecker::open() {
    try {
        file_.emplace(task_.path, true);
        if (task_.listed == nullptr) found_.rows = file_->label_rows();
        return true;
    } catch (const Error& error) {
        const bool content =
            error.kind() == ErrorKind::corrupt || error.kind() == ErrorKind::unsupported;
        if (!content && error.kind() == ErrorKind::resource) throw;
        add(content ? "shard/index" : "shard/unreadable", words_of(error, task_.path));
        return false;
    }
}

bool ShardChecker::agrees_with_index_json() {
    if (task_.listed == nullptr) return true;
    const ShardEntry& listed = *task_.listed;
    const format::FileHeader& header = file_->header();
    const auto differ = [&](std::string_view what, const auto& here, const auto& there) {
        add("shard/index", fmt::format("its {} is {} where index.json says {}", what, here, there));
        return false;
    };
    if (const auto uuid = format::to_string(header.uuid); uuid != listed.uuid)
        return differ("id", uuid, listed.uuid);
    if (header.records != listed.records)
        return differ("number of records", header.records, listed.records);
    if (header.first_record != listed.first_record)
        return differ("first record", header.first_record, listed.first_record);
    if (file_->label_rows() != listed.rows)
        return differ("number of label rows", file_->label_rows(), listed.rows);
    if (file_->size() != listed.bytes) return differ("length", file_->size(), listed.bytes);
    return true;
}

void ShardChecker::check_whole() {
    const std::uint64_t records = file_->header().records;
    std::vector<std::byte> body(records * format::index_entry_bytes +
                                file_->blocks() * format::block_entry_bytes);
    if (!file_->pread(file_->entry_offset(0), body)) {
        add("shard/unreadable", "its index cannot be read any more");
        bad_ = records;
    } else {
        for (std::uint64_t i = 0; i < records; ++i)
            entries_.push_back(format::decode_index_entry(format::Bytes(body).subspan(
                i * format::index_entry_bytes, format::index_entry_bytes)));
        for (std::uint64_t i = 0; i < file_->blocks(); ++i)
            blocks_.push_back(format::decode_block_entry(format::Bytes(body).subspan(
                records * format::index_entry_bytes + i * format::block_entry_bytes,
                format::block_entry_bytes)));
        check_blocks();
    }
    std::string sha256;
    // Isolated: a thread that waits here must not begin another shard, or memory would grow with
    // their number.
    tbb::this_task_arena::isolate([&] {
        tbb::parallel_invoke(
            [&] {
                if (task_.listed != nullptr) sha256 = digest();
            },
            [&] {
                tbb::parallel_for(
                    tbb::blocked_range<std::uint64_t>(0, entries_.size(), 8),
                    [&](const auto& range) { check_records(range.begin(), range.end()); });
            });
    });
    if (bad_ == 0 && found_.findings.empty() && rows_ != file_->label_rows())
        add("shard/index",
            fmt::format("its records have {} label rows where its labels section says {}",
                        rows_.load(), file_->label_rows()));
    if (task_.listed != nullptr && found_.findings.empty() && sha256 != task_.listed->sha256)
        add("shard/digest", fmt::format("its SHA-256 is {}… where index.json says {}…",
                                        sha256.substr(0, 12), task_.listed->sha256.substr(0, 12)));
    found_.backgrounds = backgrounds_;
    found_.bad_records = bad_;
}

void ShardChecker::check_blocks() {
    std::uint64_t record = 0;
    const std::uint64_t first = file_->header().first_record;
    for (const format::BlockEntry& block : blocks_) {
        const bool fits = block.offset % format::page == 0 &&
                          block.first_record == first + record && block.records > 0 &&
                          block.records <= entries_.size() - record &&
                          entries_[record].record_offset == block.offset;
        if (!fits)
            return add("shard/index",
                       fmt::format("its list of blocks does not fit its records, from record {} on",
                                   first + record));
        record += block.records;
    }
    if (record != entries_.size())
        add("shard/index",
            fmt::format("its blocks hold {} records of {}", record, entries_.size()));
}

void ShardChecker::check_records(std::uint64_t begin, std::uint64_t end) {
    RecordChecker checker(bytes_of(*file_), task_.class_count);
    std::vector<Finding> findings;
    for (std::uint64_t i = begin; i < end && !context_.stopped(); ++i) {
        const std::uint64_t bytes = entries_[i].payload_bytes;
        const bool large = bytes > context_.large && bytes < file_->size();
        std::optional<MemoryShare> share;
        if (large) share.emplace(context_.gate, bytes);
        const RecordVerdict verdict = checker.check(i, entries_[i]);
        if (large) {
            checker.release();
            share.reset();
        }
        rows_ += verdict.rows;
        backgrounds_ += verdict.whole && verdict.rows == 0;
        bad_ += !verdict.whole;
        for (const auto& [rule, message] : verdict.faults) {
            findings.push_back(make_finding(rule, task_.name, message));
            findings.back().image = verdict.source;
            if (task_.listed != nullptr) findings.back().split = task_.listed->split;
        }
    }
    if (!findings.empty()) {
        const std::lock_guard lock(mutex_);
        std::move(findings.begin(), findings.end(), std::back_inserter(found_.findings));
    }
    context_.records_done(end - begin);
}

std::string ShardChecker::digest() const {
    Sha256 hash;
    const auto read = Folder(".").stream(
        task_.path, [&](std::span<const std::byte> piece) { hash.update(piece); });
    return read ? to_hex(hash.finish()) : "unreadable";
}

}  // namespace

ShardFindings check_shard(const ShardTask& task, CheckContext& context) {
    return ShardChecker(task, context).run();
}

}  // namespace yolodata::shard
