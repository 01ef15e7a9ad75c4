// SPDX-License-Identifier: Apache-2.0
#include "checksum/options.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>

#include "common/command_line.hpp"

namespace tools::checksum {

namespace {

void describe(CommandLine& line, Options& o) {
    line.positional("PATH", &o.path,
                    "data.yaml, a folder with one, or a folder with images/ and labels/");
    line.group("What");
    Option& check = line.option("check", &o.manifest, "FILE",
                                "compare with a manifest or sha256sum list, write nothing");
    check.value_optional = check.takes_spare_word = true;
    check.default_text = "yolodata.sha256.json in the dataset";
    line.option("format", &o.format, "FORMAT", "form of the manifest").choices = {"json",
                                                                                  "sha256sum"};
    line.option("output", &o.output, "FILE", "where it goes; - is stdout").default_text =
        "yolodata.sha256.json in the dataset; stdout for sha256sum";
    line.group("Signature");
    line.option("sign", &o.sign, "KEY", "sign the manifest with this Ed25519 private key (PEM)");
    line.option("verify-key", &o.verify_key, "KEY",
                "with --check: demand a signature by the owner of this public key (PEM)");
    line.group("How");
    line.flag("fast", &o.fast,
              "with --check: trust files whose size and time are as listed, hash the others");
    line.option("sample", &o.sample, "SHARE",
                "with --check: as --fast, but hash this share too, each day another: 10%");
    line.option("seed", &o.seed, "N", "which share; consecutive numbers cover every file")
        .default_text = "days since 1970";
    Option& jobs = line.option("jobs", &o.jobs, "N", "threads");
    jobs.min = 1, jobs.max = 1024;
    line.flag("quiet", &o.quiet, "no progress and no remarks").short_name = 'q';
    line.epilog(
        "Exit code: 0 done, or nothing differs; 1 something differs; 2 wrong command line; 3 could "
        "not do it.\n"
        "Keys: openssl genpkey -algorithm ed25519 -out key.pem; openssl pkey -in key.pem -pubout "
        "-out public.pem\n"
        "Example: yolodata checksum data.yaml && yolodata checksum data.yaml --check");
}

double parse_share(const std::string& text) {
    double percent = 0;
    const char* const end = text.data() + text.size() - (text.ends_with('%') ? 1 : 0);
    const auto [stop, error] = std::from_chars(text.data(), end, percent);
    if (!text.ends_with('%') || error != std::errc() || stop != end || !(percent > 0) ||
        !(percent <= 100))
        throw UsageError{
            fmt::format("--sample {}: must be a share over 0% and up to 100%, as 10%", text)};
    return percent / 100;
}

void require_sense(const Options& o, const CommandLine& line) {
    for (const std::string name : {"fast", "sample", "verify-key"})
        if (line.given(name) && !o.check)
            throw UsageError{fmt::format("--{} means nothing without --check", name)};
    if (line.given("sign") && o.check)
        throw UsageError{"--sign signs a manifest that is written; --check writes none"};
    if (line.given("sign") && o.format == "sha256sum")
        throw UsageError{
            "--sign needs --format json: a sha256sum list has no place for a "
            "signature"};
    if (o.fast && line.given("sample"))
        throw UsageError{"--fast and --sample exclude each other: --sample is --fast and a share"};
    if (line.given("seed") && !line.given("sample"))
        throw UsageError{"--seed means nothing without --sample"};
}

}  // namespace

Options parse(int argc, char** argv) {
    Options o;
    CommandLine line(std::string(program),
                     "Writes the manifest of a dataset (size, time and SHA-256 of every file), or "
                     "compares with one.");
    describe(line, o);
    line.parse(argc, argv);
    o.check = line.given("check");
    require_sense(o, line);
    if (o.fast) o.share = 0;
    if (line.given("sample")) o.share = parse_share(o.sample);
    if (!line.given("seed"))
        o.seed = static_cast<std::uint64_t>(
            std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now())
                .time_since_epoch()
                .count());
    return o;
}

}  // namespace tools::checksum
