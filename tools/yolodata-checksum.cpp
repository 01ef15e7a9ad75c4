// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <tbb/version.h>

#include <algorithm>
#include <cstdio>

#include "common/command_line.hpp"
#include "common/exit_codes.hpp"
#include "common/interrupt.hpp"
#include "common/progress.hpp"
#include "reports/output.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/manifest.hpp"
#include "yolodata/core/utf8.hpp"
#include "yolodata/verify/hash_files.hpp"

namespace {

using yolodata::Dataset;
using yolodata::Finding;
using yolodata::Manifest;
using yolodata::printable;

constexpr std::string_view program = "yolodata checksum";

struct Options {
    std::string path, check, format = "json", output;
    bool checks = false, quiet = false;
    int jobs = tools::usable_cpus();
};

Options parse(int argc, char** argv) {
    Options o;
    tools::CommandLine line(std::string(program),
                            "Writes the manifest of a dataset (size, time and SHA-256 of every "
                            "file), or compares with one.");
    line.positional("PATH", &o.path,
                    "data.yaml, a folder with one, or a folder with images/ and labels/");
    line.group("What");
    tools::Option& check = line.option("check", &o.check, "FILE",
                                       "compare with a manifest or sha256sum list, write nothing");
    check.value_optional = check.takes_spare_word = true;
    check.default_text = "yolodata.sha256.json in the dataset";
    line.option("format", &o.format, "FORMAT", "form of the manifest").choices = {"json",
                                                                                  "sha256sum"};
    line.option("output", &o.output, "FILE", "where it goes; - is stdout").default_text =
        "yolodata.sha256.json in the dataset; stdout for sha256sum";
    line.group("How");
    tools::Option& jobs = line.option("jobs", &o.jobs, "N", "threads");
    jobs.min = 1, jobs.max = 1024;
    line.flag("quiet", &o.quiet, "no progress and no remarks").short_name = 'q';
    line.epilog(
        "Exit code: 0 done, or nothing differs; 1 something differs; 2 wrong command line; 3 could "
        "not do it.\n"
        "Example: yolodata checksum data.yaml && yolodata checksum data.yaml --check");
    line.parse(argc, argv);
    o.checks = line.given("check");
    return o;
}

yolodata::HashedFiles hash_dataset(const Dataset& dataset, const Options& o) {
    const std::vector<std::string> paths = yolodata::files_of(dataset);
    tools::Progress progress("checksum", "files", paths.size(), o.quiet);
    yolodata::HashedFiles hashed =
        yolodata::hash_files(dataset.root, paths, o.jobs, [&](std::uint64_t done, std::uint64_t) {
            tools::stop_if_interrupted();
            progress.update(done);
            return true;
        });
    progress.finish();
    return hashed;
}

void complain_of(const std::vector<yolodata::UnhashedFile>& failed) {
    for (const yolodata::UnhashedFile& file : failed)
        fmt::print(stderr, "{}: {} {}\n", program, printable(file.path), file.reason);
}

void require_resolved(const Dataset& dataset) {
    if (dataset.resolved) return;
    throw yolodata::Error(
        yolodata::ErrorKind::corrupt,
        fmt::format("{}: {}", printable(dataset.config), dataset.findings.front().message));
}

int write(const Options& o, const Dataset& dataset) {
    yolodata::HashedFiles hashed = hash_dataset(dataset, o);
    complain_of(hashed.failed);
    const Manifest manifest{std::move(hashed.files)};
    const bool list = o.format == "sha256sum";
    std::string to = o.output;
    if (to.empty() && !list) to = dataset.absolute(std::string(yolodata::manifest_file_name));
    tools::Output out(to);
    out.write(list ? manifest_to_sha256sum(manifest) : manifest_to_json(manifest));
    out.finish();
    if (!o.quiet)
        fmt::print(stderr, "{}: {} files, {}\n", program, manifest.files.size(),
                   yolodata::digest_of(manifest.files));
    // A manifest that leaves a file out must not look like a whole one.
    return hashed.failed.empty() ? tools::exit_done : tools::exit_failed;
}

int check(const Options& o, const Dataset& dataset) {
    const std::string path =
        o.check.empty() ? dataset.absolute(std::string(yolodata::manifest_file_name)) : o.check;
    const std::string text = yolodata::read_text_file(path);
    Manifest manifest;
    try {
        manifest = yolodata::parse_any_manifest(text);
    } catch (const yolodata::Error& error) {
        tools::Output out(o.output);
        out.write(
            fmt::format("error checksum/manifest-invalid {}: {}\n", printable(path), error.what()));
        out.finish();
        return tools::exit_findings;
    }
    const yolodata::HashedFiles hashed = hash_dataset(dataset, o);
    std::vector<Finding> findings =
        compare_with_manifest(manifest, hashed.files, dataset.root, o.jobs);
    std::sort(findings.begin(), findings.end(), yolodata::report_order);
    tools::Output out(o.output);
    for (const Finding& finding : findings)
        out.write(fmt::format("{} {} {}: {}\n", to_string(finding.severity), finding.rule,
                              printable(finding.path), finding.message));
    out.write(fmt::format("{} files listed, {} here, {} differ\n", manifest.files.size(),
                          hashed.files.size(), findings.size()));
    out.finish();
    const bool error = std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
        return finding.severity == yolodata::Severity::error;
    });
    return error ? tools::exit_findings : tools::exit_done;
}

}  // namespace

int main(int argc, char** argv) {
    tools::set_library_versions(
        {{"OpenSSL", OpenSSL_version(OPENSSL_VERSION_STRING)}, {"oneTBB", TBB_runtime_version()}});
    return tools::run_command(std::string(program), [&] {
        const Options options = parse(argc, argv);
        tools::catch_interrupts();
        try {
            const Dataset dataset = yolodata::open_dataset(options.path);
            require_resolved(dataset);
            return options.checks ? check(options, dataset) : write(options, dataset);
        } catch (const tools::Interrupted& stop) {
            return 128 + stop.signal;
        }
    });
}
