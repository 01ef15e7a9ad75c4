// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <tbb/version.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "checksum/options.hpp"
#include "common/command_line.hpp"
#include "common/exit_codes.hpp"
#include "common/interrupt.hpp"
#include "common/progress.hpp"
#include "reports/output.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/manifest.hpp"
#include "yolodata/core/rules.hpp"
#include "yolodata/core/signature.hpp"
#include "yolodata/core/utf8.hpp"
#include "yolodata/verify/hash_files.hpp"

namespace {

using tools::checksum::Options;
using tools::checksum::program;
using yolodata::Dataset;
using yolodata::Finding;
using yolodata::Manifest;
using yolodata::printable;

/// Shows how far the work is, and stops it on a signal.
class Watch {
 public:
    Watch(std::size_t files, bool quiet) : progress_("checksum", "files", files, quiet) {}
    yolodata::Progress callback() {
        return [this](std::uint64_t done, std::uint64_t) {
            tools::stop_if_interrupted();
            progress_.update(done);
            return true;
        };
    }

 private:
    tools::Progress progress_;
};

void require_resolved(const Dataset& dataset) {
    if (dataset.resolved) return;
    throw yolodata::Error(
        yolodata::ErrorKind::corrupt,
        fmt::format("{}: {}", printable(dataset.config), dataset.findings.front().message));
}

yolodata::HashedFiles hash_dataset(const Dataset& dataset, const Options& o) {
    const std::vector<std::string> paths = files_of(dataset);
    Watch watch(paths.size(), o.quiet);
    return yolodata::hash_files(dataset.root, paths, o.jobs, watch.callback());
}

int write(const Options& o, const Dataset& dataset) {
    // A key that does not fit is refused now, not after hours of hashing.
    if (!o.sign.empty()) yolodata::sign_ed25519("", o.sign);
    yolodata::HashedFiles hashed = hash_dataset(dataset, o);
    for (const yolodata::UnhashedFile& file : hashed.failed)
        fmt::print(stderr, "{}: {} {}\n", program, printable(file.path), file.reason);
    Manifest manifest;
    manifest.files = std::move(hashed.files);
    const std::string digest = yolodata::digest_of(manifest.files);
    if (!o.sign.empty()) manifest.signature = yolodata::sign_ed25519(digest, o.sign);
    const bool list = o.format == "sha256sum";
    std::string to = o.output;
    if (to.empty() && !list) to = dataset.absolute(std::string(yolodata::manifest_file_name));
    tools::Output out(to);
    out.write(list ? manifest_to_sha256sum(manifest) : manifest_to_json(manifest));
    out.finish();
    if (!o.quiet)
        fmt::print(stderr, "{}: {} files, {}{}\n", program, manifest.files.size(), digest,
                   o.sign.empty() ? "" : ", signed");
    // A manifest that leaves a file out must not look like a whole one.
    return hashed.failed.empty() ? tools::exit_done : tools::exit_failed;
}

std::string line_of(const Finding& finding) {
    return fmt::format("{} {} {}: {}\n", to_string(finding.severity), finding.rule,
                       printable(finding.path), finding.message);
}

/// Throws Error(corrupt) if the manifest is none, or not signed by the owner of the key.
Manifest load(const Options& o, const std::string& text) {
    Manifest manifest = yolodata::parse_any_manifest(text);
    if (o.verify_key.empty()) return manifest;
    const bool holds = yolodata::holds_ed25519(yolodata::digest_of(manifest.files),
                                               manifest.signature, o.verify_key);
    if (holds) return manifest;
    throw yolodata::Error(
        yolodata::ErrorKind::corrupt,
        manifest.signature.empty()
            ? "it carries no signature"
            : fmt::format("its signature is not by the key {}", printable(o.verify_key)));
}

int report_invalid(const Options& o, const std::string& path, const std::string& why) {
    tools::Output out(o.output);
    out.write(line_of(yolodata::make_finding("checksum/manifest-invalid", path, why)));
    out.finish();
    return tools::exit_findings;
}

std::string summary(const Options& o, std::size_t listed, std::size_t here,
                    const yolodata::Compared& compared) {
    std::string text = fmt::format("{} files listed, {} here, {} differ\n", listed, here,
                                   compared.findings.size());
    const std::string share =
        o.sample.empty() ? "" : fmt::format("sample {} with seed {}: ", o.sample, o.seed);
    if (o.share < 1)
        text += fmt::format("{}{} hashed, {} trusted by size and time\n", share, compared.hashed,
                            compared.trusted);
    return text;
}

int compare(const Options& o, const Dataset& dataset, const Manifest& manifest) {
    if (o.share < 1 && !manifest.has_times)
        throw tools::UsageError{
            "a sha256sum list has neither sizes nor times to trust: leave --fast or --sample out"};
    const std::vector<std::string> paths = files_of(dataset);
    yolodata::Compared compared;
    {
        Watch watch(manifest.files.size(), o.quiet);
        compared = compare_dataset(manifest, paths, dataset.root, o.jobs, {o.share, o.seed},
                                   watch.callback());
    }
    std::sort(compared.findings.begin(), compared.findings.end(), yolodata::report_order);
    tools::Output out(o.output);
    bool error = false;
    for (const Finding& finding : compared.findings) {
        out.write(line_of(finding));
        error = error || finding.severity == yolodata::Severity::error;
    }
    out.write(summary(o, manifest.files.size(), paths.size(), compared));
    out.finish();
    return error ? tools::exit_findings : tools::exit_done;
}

int check(const Options& o, const Dataset& dataset) {
    const std::string path = o.manifest.empty()
                                 ? dataset.absolute(std::string(yolodata::manifest_file_name))
                                 : o.manifest;
    const std::string text = yolodata::read_text_file(path);
    std::optional<Manifest> manifest;
    std::string why;
    try {
        manifest = load(o, text);
    } catch (const yolodata::Error& error) {
        if (error.kind() != yolodata::ErrorKind::corrupt) throw;
        why = error.what();
    }
    return manifest ? compare(o, dataset, *manifest) : report_invalid(o, path, why);
}

}  // namespace

int main(int argc, char** argv) {
    tools::set_library_versions(
        {{"OpenSSL", OpenSSL_version(OPENSSL_VERSION_STRING)}, {"oneTBB", TBB_runtime_version()}});
    return tools::run_command(std::string(program), [&] {
        const Options options = tools::checksum::parse(argc, argv);
        tools::catch_interrupts();
        try {
            const Dataset dataset = yolodata::open_dataset(options.path);
            require_resolved(dataset);
            return options.check ? check(options, dataset) : write(options, dataset);
        } catch (const tools::Interrupted& stop) {
            return 128 + stop.signal;
        }
    });
}
