// SPDX-License-Identifier: Apache-2.0
#include "yolodata/upkeep/check.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <mutex>
#include <set>
#include <system_error>

#include "upkeep/check_shard.hpp"
#include "upkeep/set_files.hpp"
#include "verify/workers.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/rules.hpp"

namespace yolodata::shard {

namespace fs = std::filesystem;

namespace {

/// Counts the records of all shards and asks whether to go on, one thread at a time.
class Counter {
 public:
    Counter(const CheckProgress& progress, std::uint64_t total)
        : progress_(progress), total_(total) {}
    void add(std::uint64_t records) {
        const std::lock_guard lock(mutex_);
        done_ += records;
        if (!stopped_ && progress_ && !progress_(std::min(done_, total_), total_)) stopped_ = true;
    }
    bool stopped() const {
        const std::lock_guard lock(mutex_);
        return stopped_;
    }

 private:
    const CheckProgress& progress_;
    const std::uint64_t total_;
    mutable std::mutex mutex_;
    std::uint64_t done_ = 0;
    bool stopped_ = false;
};

void read_index(CheckResult& result) {
    try {
        result.index = read_set_index(result.root);
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::resource) throw;
        std::string text = error.what();
        const std::string name = result.root + "/" + index_file + ": ";
        if (text.starts_with(name)) text.erase(0, name.size());
        if (error.kind() == ErrorKind::not_found)
            text = "is missing; a pack that did not finish, or a copy of a part";
        result.findings.push_back(make_finding("shard/index", index_file, text));
    }
}

/// The shards that index.json lists, and findings for what else lies there.
std::vector<ShardTask> list_set(CheckResult& result) {
    std::vector<ShardTask> tasks;
    read_index(result);
    const SetFiles files = list_set_files(result.root);
    for (const std::string& name : files.unfinished)
        result.findings.push_back(make_finding(
            "shard/unfinished", name, "was left by a run that is at work or did not finish"));
    if (!result.index) {
        for (const std::string& name : files.shards)
            tasks.push_back({result.root + "/" + name, name, nullptr, {}});
        return tasks;
    }
    std::set<std::string> listed;
    for (const ShardEntry& shard : result.index->shards) {
        listed.insert(shard.file);
        tasks.push_back(
            {result.root + "/" + shard.file, shard.file, &shard, result.index->class_count});
    }
    for (const std::string& name : files.shards)
        if (!listed.contains(name))
            result.findings.push_back(
                make_finding("shard/unexpected", name, "is not listed in index.json"));
    return tasks;
}

std::vector<ShardTask> list_tasks(const std::string& path, CheckResult& result) {
    std::error_code error;
    const auto status = fs::status(path, error);
    if (error) throw_errno("read", path, error.value());
    if (fs::is_directory(status)) {
        result.root = path;
        return list_set(result);
    }
    const auto slash = path.rfind('/');
    result.root =
        slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1));
    return {{path, slash == std::string::npos ? path : path.substr(slash + 1), nullptr, {}}};
}

}  // namespace

CheckResult check_shards(const std::string& path, const CheckOptions& options,
                         const CheckProgress& progress) {
    CheckResult result;
    const std::vector<ShardTask> tasks = list_tasks(path, result);
    std::uint64_t total = 0;
    for (const ShardTask& task : tasks)
        if (task.listed != nullptr) total += task.listed->records;
    Counter counter(progress, total);
    // Half for records that each thread may hold without asking, half for larger ones.
    const std::uint64_t half = options.max_memory / 2;
    MemoryGate gate(half);
    CheckContext context{options.fast, half / static_cast<std::uint64_t>(options.jobs), gate,
                         [&](std::uint64_t records) { counter.add(records); },
                         [&] { return counter.stopped(); }};
    std::vector<ShardFindings> found(tasks.size());
    Workers workers(options.jobs);
    workers.run([&] {
        tbb::parallel_for(std::size_t{0}, tasks.size(), [&](std::size_t i) {
            if (!counter.stopped()) found[i] = check_shard(tasks[i], context);
        });
    });
    result.stopped = counter.stopped();
    for (ShardFindings& shard : found) {
        result.records += shard.records;
        result.rows += shard.rows;
        result.backgrounds += shard.backgrounds;
        result.bad_records += shard.bad_records;
        result.bytes += shard.bytes;
        std::move(shard.findings.begin(), shard.findings.end(),
                  std::back_inserter(result.findings));
    }
    if (options.fast && result.index)
        for (const SplitEntry& split : result.index->splits)
            result.backgrounds += split.backgrounds;
    std::sort(result.findings.begin(), result.findings.end(), report_order);
    return result;
}

}  // namespace yolodata::shard
