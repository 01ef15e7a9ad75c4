// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <tbb/version.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <set>

#include "common/command_line.hpp"
#include "common/exit_codes.hpp"
#include "common/interrupt.hpp"
#include "common/progress.hpp"
#include "reports/baseline.hpp"
#include "reports/dataset_options.hpp"
#include "reports/policy.hpp"
#include "reports/rule_words.hpp"
#include "reports/verify_report.hpp"
#include "verify/shard_set.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/memory_limit.hpp"
#include "yolodata/core/rules.hpp"
#include "yolodata/core/utf8.hpp"
#include "yolodata/upkeep/check.hpp"
#include "yolodata/verify/verify.hpp"

namespace {

using yolodata::Dataset;
using yolodata::Finding;
using yolodata::Severity;

constexpr std::string_view program = "yolodata verify";

struct Options {
    tools::DatasetOptions dataset;
    std::string format = "text", output, fail_on = "error", manifest, list_bad, baseline;
    std::vector<std::string> only, skip;
    int imgsz = 640, near = 4, jobs = tools::usable_cpus();
    std::uint64_t max_pixels = 178'956'970, thumbnails = 200;
    tools::ByteSize max_memory{
        std::min<std::uint64_t>(std::uint64_t{1} << 30, yolodata::memory_limit().bytes / 2)};
    bool nul = false, quality = false, quiet = false, no_config = false, fast = false;
    bool shards = false;  ///< PATH is a shard set or a shard
};

void refuse_what_does_not_apply(const Options& o, const tools::CommandLine& line) {
    if (!o.shards && o.fast)
        throw tools::UsageError{"--fast is for shard sets; of a dataset every file is read"};
    if (!o.shards) return;
    for (const char* name : {"imgsz", "kpt-shape", "manifest", "names", "nc", "near", "quality", "task"})
        if (line.given(name))
            throw tools::UsageError{
                fmt::format("--{} is for datasets; {} is a shard set", name, o.dataset.path)};
}

Options parse(int argc, char** argv) {
    Options o;
    tools::CommandLine line(std::string(program),
                            "Checks a dataset in one pass: every file hashed, every image decoded "
                            "whole, every label row "
                            "judged. Writes nothing into it. A shard set is checked likewise: "
                            "every record, every checksum.");
    o.dataset.add_path(line, "; or a folder of shards, or one .yds file");
    line.group("What is checked");
    line.option("only", &o.only, "RULE,…", "report these rules only (globs: label/*)");
    line.option("skip", &o.skip, "RULE,…", "leave these rules out");
    o.dataset.add_options(line);
    tools::Option& imgsz =
        line.option("imgsz", &o.imgsz, "N", "training size that label/tiny-box counts in, px");
    imgsz.min = 1, imgsz.max = 1 << 20;
    tools::Option& near = line.option(
        "near", &o.near, "BITS", "of 64 by which the perceptual hashes of near copies may differ");
    near.min = 0, near.max = 8;
    line.flag("quality", &o.quality, "also tell dark, bright, blurry and empty pictures (slower)");
    line.flag("fast", &o.fast,
              "of shards: only headers, indices and their agreement with index.json");
    line.option("manifest", &o.manifest, "FILE", "compare with this manifest or sha256sum list")
        .default_text = "yolodata.sha256.json in the dataset, if there";
    line.option(
        "baseline", &o.baseline, "FILE",
        "leave out what this JSON report holds: same rule, path and message but for numbers");
    line.flag("no-config", &o.no_config, "pass over .yolodata.yaml in the dataset's root");
    line.group("Limits");
    tools::Option& jobs = line.option("jobs", &o.jobs, "N", "threads");
    jobs.min = 1, jobs.max = 1024;
    line.option("max-memory", &o.max_memory, "SIZE",
                "for files in work, beyond about 100 MiB for the program itself");
    line.option("max-pixels", &o.max_pixels, "N",
                "refuse larger pictures from their header; 0 = no limit");
    line.group("Output");
    line.option("format", &o.format, "FORMAT", "form of the report").choices = {
        "text", "json", "jsonl", "sarif", "html"};
    line.option("output", &o.output, "FILE", "write the report there instead of to stdout");
    line.option("thumbnails", &o.thumbnails, "N", "pictures in the html report, at most").max =
        100000;
    line.option("fail-on", &o.fail_on, "SEVERITY", "exit 1 for findings of this severity or worse")
        .choices = {"error", "warning", "info", "never"};
    line.option("list-bad", &o.list_bad, "FILE",
                "write the images with an error there, absolute paths, one a line");
    line.flag("nul", &o.nul, "end the paths of --list-bad with NUL instead of a line end")
        .short_name = '0';
    line.flag("quiet", &o.quiet, "no progress and no remarks").short_name = 'q';
    line.epilog(
        "Exit code: 0 nothing found at or above --fail-on, 1 findings, 2 wrong command line, 3 "
        "could not check.\n"
        "--list-bad of a shard set gives the paths that the pictures had in their dataset.\n"
        "Example: yolodata verify data.yaml --format json --output report.json --fail-on warning");
    line.parse(argc, argv);
    for (const auto* patterns : {&o.only, &o.skip})
        for (const std::string& pattern : *patterns) tools::rules_matching(pattern);
    o.shards = yolodata::shard::is_shard_path(o.dataset.path);
    refuse_what_does_not_apply(o, line);
    return o;
}

/// The manifest to compare with; an invalid one is a finding.
std::optional<yolodata::Manifest> load_manifest(const Options& o, Dataset& dataset) {
    const std::string path = o.manifest.empty()
                                 ? dataset.absolute(std::string(yolodata::manifest_file_name))
                                 : o.manifest;
    const std::string name =
        o.manifest.empty() ? std::string(yolodata::manifest_file_name) : o.manifest;
    std::string text;
    try {
        text = yolodata::read_text_file(path);
    } catch (const yolodata::Error& error) {
        if (o.manifest.empty() && error.kind() == yolodata::ErrorKind::not_found)
            return std::nullopt;
        throw;
    }
    try {
        return yolodata::parse_any_manifest(text);
    } catch (const yolodata::Error& error) {
        dataset.findings.push_back(
            yolodata::make_finding("checksum/manifest-invalid", name, error.what()));
        return std::nullopt;
    }
}

void filter(const Options& o, std::vector<Finding>& findings) {
    const auto matches = [](const std::vector<std::string>& patterns, const Finding& finding) {
        return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
            return yolodata::rule_matches(pattern, finding.rule);
        });
    };
    std::erase_if(findings, [&](const Finding& finding) {
        return (!o.only.empty() && !matches(o.only, finding)) || matches(o.skip, finding);
    });
}

/// What the dataset's owner decided; nullopt where nothing stands.
std::optional<tools::Policy> load_policy(const Options& o, const Dataset& dataset) {
    if (o.no_config) return std::nullopt;
    const std::string path = dataset.absolute(std::string(tools::policy_file_name));
    try {
        return tools::parse_policy(yolodata::read_text_file(path, 1 << 20), path);
    } catch (const yolodata::Error& error) {
        if (error.kind() == yolodata::ErrorKind::not_found) return std::nullopt;
        throw;
    }
}

void write_bad_list(const Options& o, const Dataset& dataset,
                    const std::vector<Finding>& findings) {
    std::set<std::string> bad;
    for (const Finding& finding : findings)
        if (finding.severity == Severity::error && !finding.image.empty())
            // A shard knows its pictures by their names in the dataset that it was made from.
            bad.insert(o.shards ? finding.image : dataset.absolute(finding.image));
    tools::Output out(o.list_bad);
    for (const std::string& path : bad) out.write(path + (o.nul ? '\0' : '\n'));
    out.finish();
}

int exit_code(const Options& o, const std::vector<Finding>& findings) {
    if (o.fail_on == "never") return tools::exit_done;
    const Severity limit = o.fail_on == "error"     ? Severity::error
                           : o.fail_on == "warning" ? Severity::warning
                                                    : Severity::info;
    const bool found =
        std::any_of(findings.begin(), findings.end(),
                    [limit](const Finding& finding) { return finding.severity >= limit; });
    return found ? tools::exit_findings : tools::exit_done;
}

void write_report(const Options& o, const tools::VerifyReport& report, tools::Output& out) {
    if (o.format == "json") return write_json(report, out);
    if (o.format == "jsonl") return write_jsonl(report, out);
    if (o.format == "sarif") return write_sarif(report, out);
    if (o.format == "html")
        return write_html(report, {o.thumbnails, o.jobs, o.max_pixels, o.max_memory.bytes}, out);
    write_text(report, out);
}

/// The pass over the dataset itself.
yolodata::VerifyResult check_dataset(const Options& o, Dataset& dataset) {
    const auto manifest = load_manifest(o, dataset);
    yolodata::VerifyOptions options;
    options.examine.max_pixels = o.max_pixels;
    options.examine.imgsz = o.imgsz;
    options.examine.looks = true;
    options.examine.quality = o.quality;
    options.near = o.near;
    options.jobs = o.jobs;
    options.max_memory = o.max_memory.bytes;
    options.manifest = manifest ? &*manifest : nullptr;
    tools::Progress progress("verify", "images", dataset.images.size(), o.quiet);
    yolodata::VerifyResult result =
        yolodata::verify(dataset, options, [&](std::uint64_t done, std::uint64_t) {
            tools::stop_if_interrupted();
            progress.update(done);
            return true;
        });
    progress.finish();
    return result;
}

int run(const Options& o) {
    const auto start = std::chrono::steady_clock::now();
    std::optional<tools::Baseline> baseline;
    if (!o.baseline.empty()) baseline.emplace(o.baseline);
    Dataset dataset;
    yolodata::VerifyResult result;
    if (o.shards) {
        result = tools::check_shard_set(
            o.dataset.path, {.fast = o.fast, .jobs = o.jobs, .max_memory = o.max_memory.bytes},
            o.quiet, dataset);
    } else {
        dataset = o.dataset.open(program, o.jobs, o.quiet);
    }
    const auto policy = load_policy(o, dataset);
    if (!o.shards) result = check_dataset(o, dataset);
    filter(o, result.findings);

    tools::VerifyReport report{dataset, result, o.dataset.shown_root(dataset)};
    report.shards = o.shards;
    if (policy) report.ignored = policy->apply(result.findings);
    if (!o.list_bad.empty()) write_bad_list(o, dataset, result.findings);
    if (baseline) report.known = baseline->remove_known(result.findings);
    report.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    report.peak_memory_bytes = tools::peak_memory_bytes();
    tools::Output out(o.output);
    write_report(o, report, out);
    out.finish();
    return exit_code(o, result.findings);
}

}  // namespace

int main(int argc, char** argv) {
    tools::set_library_versions(
        {{"OpenSSL", OpenSSL_version(OPENSSL_VERSION_STRING)}, {"oneTBB", TBB_runtime_version()}});
    return tools::run_command(std::string(program), [&] {
        const Options options = parse(argc, argv);
        tools::catch_interrupts();
        try {
            return run(options);
        } catch (const tools::Interrupted& stop) {
            return 128 + stop.signal;
        }
    });
}
