// SPDX-License-Identifier: Apache-2.0
#include "verify/shard_set.hpp"

#include <optional>
#include <utility>

#include "common/interrupt.hpp"
#include "common/progress.hpp"

namespace tools {

yolodata::VerifyResult check_shard_set(const std::string& path,
                                       const yolodata::shard::CheckOptions& options, bool quiet,
                                       yolodata::Dataset& dataset) {
    std::optional<Progress> progress;
    yolodata::shard::CheckResult checked =
        check_shards(path, options, [&](std::uint64_t done, std::uint64_t total) {
            stop_if_interrupted();
            if (!progress) progress.emplace("verify", "records", total, quiet);
            progress->update(done);
            return true;
        });
    if (progress) progress->finish();

    dataset.root = checked.root;
    dataset.config =
        path.ends_with(".yds") ? path.substr(path.rfind('/') + 1) : yolodata::shard::index_file;
    yolodata::VerifyResult result;
    if (checked.index) {
        dataset.task = yolodata::parse_task(checked.index->task).value_or(yolodata::Task::detect);
        dataset.class_count = checked.index->class_count;
        dataset.names = checked.index->names;
        result.digest = checked.index->digest;
    }
    result.images = checked.records;
    result.labels = checked.records - checked.bad_records;
    result.rows = checked.rows;
    result.backgrounds = checked.backgrounds;
    result.unusable_images = checked.bad_records;
    result.bytes = checked.bytes;
    result.findings = std::move(checked.findings);
    return result;
}

}  // namespace tools
