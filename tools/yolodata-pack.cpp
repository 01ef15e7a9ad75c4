// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <tbb/version.h>

#include <algorithm>
#include <opencv2/core/utility.hpp>
#include <opencv2/core/version.hpp>
#include <string>
#include <vector>

#include "common/command_line.hpp"
#include "common/exit_codes.hpp"
#include "common/interrupt.hpp"
#include "common/progress.hpp"
#include "pack/augment_file.hpp"
#include "yolodata/core/memory_limit.hpp"
#include "yolodata/core/utf8.hpp"
#include "yolodata/pack/pack.hpp"

namespace {

using yolodata::pack::PackOutcome;
using yolodata::pack::PackReport;

constexpr const char* program = "yolodata pack";

struct Options {
    std::string path, out, codec = "raw", decode = "exact", on_bad = "skip", augment;
    std::vector<std::string> splits;
    int imgsz = 640, quality = 95, variants = 0, jobs = tools::usable_cpus();
    std::uint64_t seed = 0, max_pixels = 178'956'970;
    tools::ByteSize shard_size{std::uint64_t{512} << 20};
    tools::ByteSize max_memory{std::min<std::uint64_t>(std::uint64_t{1} << 30, yolodata::memory_limit().bytes / 2)};
    bool overwrite = false, if_changed = false, resume = false, merge = false, quiet = false;
    std::string part_text;
    int part = 1, parts = 1;
};

/// "a,b" and "--split a --split b" mean the same.
std::vector<std::string> split_at_commas(const std::vector<std::string>& values) {
    std::vector<std::string> parts;
    for (const std::string& value : values) {
        for (std::size_t begin = 0; begin <= value.size();) {
            const std::size_t end = std::min(value.find(',', begin), value.size());
            if (end > begin) parts.push_back(value.substr(begin, end - begin));
            begin = end + 1;
        }
    }
    return parts;
}

/// "3/8": the third of eight.
void parse_part(Options& o) {
    const auto number = [](const std::string& digits) {
        const bool plain = !digits.empty() && digits.size() <= 6 && digits.find_first_not_of("0123456789") == std::string::npos;
        return plain ? std::stoi(digits) : 0;
    };
    const std::size_t slash = o.part_text.find('/');
    if (slash != std::string::npos) o.part = number(o.part_text.substr(0, slash)), o.parts = number(o.part_text.substr(slash + 1));
    if (slash == std::string::npos || o.part < 1 || o.parts < 1 || o.part > o.parts)
        throw tools::UsageError{fmt::format("--part {}: must be I/N with 1 <= I <= N, as 3/8", o.part_text)};
}

Options parse(int argc, char** argv) {
    Options o;
    tools::CommandLine line(program,
                            "Packs a dataset into shards: decodes, resizes and checks every image once, in parallel, so "
                            "that training reads pictures from memory-mapped, checksummed files.");
    line.positional("PATH", &o.path, "data.yaml, a folder with one, or a folder with images/ and labels/");
    line.positional("OUT", &o.out, "folder for the shard set", false);
    line.group("What is packed");
    line.option("split", &o.splits, "NAME,…", "these splits only").default_text = "every one that data.yaml names";
    tools::Option& imgsz = line.option("imgsz", &o.imgsz, "N", "long side of the packed pictures, px");
    imgsz.min = 10, imgsz.max = 16384;
    line.option("codec", &o.codec, "CODEC",
                "raw: pixels, fastest to read; jpeg: smaller, source files are taken as they are where no resize is needed; "
                "auto: the one that this disk and these CPUs read faster")
        .choices = {"raw", "jpeg", "auto"};
    line.option("decode", &o.decode, "exact|fast",
                "exact: whole pictures are resized, as Ultralytics does; fast: large JPEGs are decoded at 1/2, 1/4 or 1/8 of their "
                "size first, never under imgsz: other pixels, the same checks")
        .choices = {"exact", "fast"};
    tools::Option& quality = line.option("quality", &o.quality, "N", "of JPEGs that are made anew");
    quality.min = 1, quality.max = 100;
    tools::Option& variants = line.option("variants", &o.variants, "K",
                "augmented pictures of each image, imgsz x imgsz, so that training spends no CPU on that; not of val and test, which are "
                "packed as they are; 0: each image once, as it is");
    variants.min = 0, variants.max = 10'000;
    line.option("augment", &o.augment, "FILE", "augmentation of variants, JSON or YAML (schemas/augment.schema.json)").default_text = "that of training";
    line.option("shard-size", &o.shard_size, "SIZE", "largest length of one shard file");
    line.option("seed", &o.seed, "N", "of the augmentation; stored with the set");
    line.option("on-bad", &o.on_bad, "skip|fail",
                "an image that Ultralytics would drop: leave it out and list it, or publish nothing and exit 1")
        .choices = {"skip", "fail"};
    line.option("max-pixels", &o.max_pixels, "N", "leave larger pictures out, judged by their header; 0 = no limit");
    line.group("What stands in OUT");
    line.flag("overwrite", &o.overwrite, "replace a shard set in OUT once the new one is complete");
    line.flag("if-changed", &o.if_changed, "do nothing if OUT holds a set of this dataset and these options, else replace it");
    line.flag("resume", &o.resume,
              "go on from the last closed shard of an interrupted run of the same dataset and options, else begin; keep what is done if stopped");
    line.option("part", &o.part_text, "I/N", "pack this part of N, for array jobs in any order or beside each other; each is resumed for itself").default_text = "all";
    line.flag("merge", &o.merge, "pack --merge OUT: join its parts to the set that one packing would have made");
    line.group("How");
    tools::Option& jobs = line.option("jobs", &o.jobs, "N", "threads; the shards are the same for any number");
    jobs.min = 1, jobs.max = 1024;
    line.option("max-memory", &o.max_memory, "SIZE", "for pictures in work, beyond about 100 MiB for the program itself");
    line.flag("quiet", &o.quiet, "no progress and no summary").short_name = 'q';
    line.epilog("Exit code: 0 packed (or up to date), 1 images were left out and --on-bad is fail, 2 wrong command line or "
                "OUT holds a set already, 3 could not pack.\n"
                "Example: yolodata pack data.yaml shards --imgsz 640 --if-changed");
    line.parse(argc, argv);
    o.splits = split_at_commas(o.splits);
    if (o.merge) {
        if (!o.out.empty()) throw tools::UsageError{"--merge takes OUT alone: yolodata pack --merge OUT"};
        std::swap(o.path, o.out);
        return o;
    }
    if (o.out.empty()) throw tools::UsageError{"OUT is missing ('yolodata pack --help' shows how)"};
    if (!o.part_text.empty()) parse_part(o);
    if (!o.augment.empty() && o.variants == 0) throw tools::UsageError{"--augment needs --variants K, K > 0"};
    if (o.shard_size.bytes == 0) throw tools::UsageError{"--shard-size must be more than 0"};
    return o;
}

/// What the progress counts in all: images, and of a set of variants the pictures that are written after them.
struct Work {
    std::uint64_t images = 0, pictures = 0;
};

/// Of one of the parts.
Work work_of(const yolodata::Dataset& dataset, const yolodata::pack::PackOptions& options) {
    Work work;
    for (const yolodata::Split& split : dataset.splits) {
        const auto& chosen = options.splits;
        if (!chosen.empty() && std::find(chosen.begin(), chosen.end(), split.name) == chosen.end()) continue;
        const auto passes = static_cast<std::uint64_t>(std::max(yolodata::pack::variants_of(split.name, options.set), 1));
        work.images += split.images.size();
        if (options.set.variants > 0) work.pictures += split.images.size() * passes;
    }
    const auto parts = static_cast<std::uint64_t>(options.parts);
    return {(work.images + parts - 1) / parts, (work.pictures + parts - 1) / parts};
}

void print_left_out(const PackReport& report, bool all) {
    constexpr std::size_t shown = 20;
    const auto& left_out = report.index.left_out;
    if (left_out.empty()) return;
    fmt::print("left out: {} image{}\n", left_out.size(), left_out.size() == 1 ? "" : "s");
    const std::size_t n = all ? left_out.size() : std::min(shown, left_out.size());
    for (std::size_t i = 0; i < n; ++i) {
        for (const auto& reason : left_out[i].reasons) {
            const std::string place = reason.line == 0 ? "" : fmt::format(" (label, line {})", reason.line);
            fmt::print("  {}{}: {}: {}\n", yolodata::printable(left_out[i].path), place, reason.rule,
                       yolodata::printable(reason.message));
        }
    }
    if (n < left_out.size()) fmt::print("  … and {} more, listed in index.json\n", left_out.size() - n);
}

void print_choice(const yolodata::pack::CodecChoice& choice) {
    const auto& c = choice.costs;
    const auto mib = [&](double bytes) { return bytes * c.images / (1 << 20); };
    const std::string raw_rate = choice.cached ? "from the page cache" : fmt::format("{:.0f} images/s", choice.raw_rate);
    fmt::print("codec auto: {}. raw: {:.0f} MiB, {}; jpeg: {:.0f} MiB, {:.0f} images/s (disk {:.0f} MB/s, decode {:.1f} ms, {} threads)\n",
               choice.codec, mib(c.raw_bytes), raw_rate, mib(c.jpeg_bytes), choice.jpeg_rate, c.read_bytes_per_second / 1e6,
               c.decode_seconds * 1e3, c.threads);
}

void print_summary(const Options& o, const PackReport& report) {
    std::uint64_t records = 0, bytes = 0;
    for (const auto& split : report.index.splits) {
        records += split.records;
        fmt::print("{}: {} {}, {} rows, {} backgrounds, {} left out\n", split.name, split.records,
                   split.variants == 0 ? "images" : "pictures", split.rows, split.backgrounds, split.left_out);
    }
    for (const auto& shard : report.index.shards) bytes += shard.bytes;
    print_left_out(report, false);
    if (report.codec_choice) print_choice(*report.codec_choice);
    else if (o.codec == "auto" && o.parts > 1) fmt::print("codec auto: {}, as another part chose\n", report.index.options.codec);
    if (report.resumed > 0) fmt::print("went on after {} that were done\n", report.resumed);
    if (report.outcome == PackOutcome::up_to_date) {
        fmt::print("{} is up to date\n", o.out);
        return;
    }
    if (report.mirrored_never)
        fmt::print("pose without flip_idx in --augment: pictures are never mirrored\n");
    if (report.index.options.codec == "jpeg" && !o.merge && o.variants == 0) fmt::print("{} of the JPEGs are the source files as they are\n", report.passed_through);
    fmt::print("{} shards, {:.1f} MiB in {} ({:.1f} s, {:.0f} images/s)\n", report.index.shards.size(),
               static_cast<double>(bytes) / (1 << 20), o.out, report.seconds,
               static_cast<double>(records) / std::max(report.seconds, 1e-9));
}

int run_merge(const Options& o) {
    tools::Progress progress("merge", "records", 0, o.quiet);
    const PackReport report = yolodata::pack::merge(o.out, o.overwrite, [&](std::uint64_t done, std::uint64_t) {
        tools::stop_if_interrupted();
        progress.update(done);
        return true;
    });
    progress.finish();
    for (const std::string& why : report.not_removed) fmt::print(stderr, "{}: the set is complete, but not all of the parts is removed: {}\n", program, why);
    if (!o.quiet) print_summary(o, report);
    return tools::exit_done;
}

int run(const Options& o) {
    if (o.merge) return run_merge(o);
    const yolodata::Dataset dataset = yolodata::open_dataset(o.path);
    yolodata::pack::PackOptions options;
    options.splits = o.splits;
    options.set.imgsz = o.imgsz;
    options.set.codec = o.codec;
    options.set.decode = o.decode;
    options.set.quality = o.quality;
    options.set.variants = o.variants;
    if (!o.augment.empty()) options.augment = tools::read_augment_file(o.augment);
    options.set.seed = o.seed;
    options.set.shard_bytes = o.shard_size.bytes;
    options.set.max_pixels = o.max_pixels;
    options.fail_on_bad = o.on_bad == "fail";
    options.overwrite = o.overwrite;
    options.if_changed = o.if_changed;
    options.resume = o.resume;
    options.part = o.part;
    options.parts = o.parts;
    options.jobs = o.jobs;
    options.max_memory = o.max_memory.bytes;
    for (const yolodata::Finding& finding : dataset.findings)
        if (finding.severity == yolodata::Severity::error && dataset.resolved && !o.quiet)
            fmt::print(stderr, "{}: {}: {}\n", program, yolodata::printable(finding.path), yolodata::printable(finding.message));

    const Work work = work_of(dataset, options);
    tools::Progress progress("pack", o.variants == 0 ? "images" : "pictures", work.images + work.pictures, o.quiet);
    std::uint64_t last = 0, before = 0;
    const PackReport report = yolodata::pack::pack(dataset, o.out, options, [&](std::uint64_t done, std::uint64_t) {
        tools::stop_if_interrupted();
        if (done < last) before = work.images;  // the plain set is done, its variants begin
        progress.update(before + (last = done));
        return true;
    });
    progress.finish();
    if (report.outcome == PackOutcome::bad_images) {
        print_left_out(report, true);
        fmt::print(stderr, "{}: nothing was published: images would be left out, and --on-bad is fail\n", program);
        return tools::exit_findings;
    }
    if (!o.quiet) print_summary(o, report);
    return tools::exit_done;
}

}  // namespace

int main(int argc, char** argv) {
    tools::set_library_versions(
        {{"OpenCV", CV_VERSION}, {"OpenSSL", OpenSSL_version(OPENSSL_VERSION_STRING)}, {"oneTBB", TBB_runtime_version()}});
    return tools::run_command(program, [&] {
        const Options options = parse(argc, argv);
        tools::catch_interrupts();
        cv::setNumThreads(1);  // --jobs are the threads
        try {
            return run(options);
        } catch (const tools::Interrupted& stop) {
            return 128 + stop.signal;
        }
    });
}
