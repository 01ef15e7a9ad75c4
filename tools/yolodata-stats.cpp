// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <tbb/version.h>

#include <algorithm>

#include "common/command_line.hpp"
#include "common/exit_codes.hpp"
#include "common/interrupt.hpp"
#include "common/progress.hpp"
#include "reports/dataset_options.hpp"
#include "reports/stats_report.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/memory_limit.hpp"
#include "yolodata/core/utf8.hpp"

namespace {

constexpr std::string_view program = "yolodata stats";

struct Options {
    tools::DatasetOptions dataset;
    std::string format = "text", output;
    int imgsz = 640, jobs = tools::usable_cpus();
    std::uint64_t max_pixels = 178'956'970;
    tools::ByteSize max_memory{
        std::min<std::uint64_t>(std::uint64_t{1} << 30, yolodata::memory_limit().bytes / 2)};
    bool quiet = false;
};

Options parse(int argc, char** argv) {
    Options o;
    tools::CommandLine line(std::string(program),
                            "Counts what a dataset holds: classes, boxes an image, sizes, shapes "
                            "and places of boxes, sizes of images.");
    o.dataset.add_path(line);
    line.group("What is counted");
    o.dataset.add_options(line);
    tools::Option& imgsz =
        line.option("imgsz", &o.imgsz, "N", "training size that box sizes are counted at, px");
    imgsz.min = 1, imgsz.max = 1 << 20;
    line.group("Limits");
    tools::Option& jobs = line.option("jobs", &o.jobs, "N", "threads");
    jobs.min = 1, jobs.max = 1024;
    line.option("max-memory", &o.max_memory, "SIZE",
                "for files in work, beyond about 100 MiB for the program itself");
    line.option("max-pixels", &o.max_pixels, "N",
                "leave larger pictures out, from their header; 0 = no limit");
    line.group("Output");
    line.option("format", &o.format, "FORMAT", "form of the report").choices = {"text", "json",
                                                                                "html"};
    line.option("output", &o.output, "FILE", "write the report there instead of to stdout");
    line.flag("quiet", &o.quiet, "no progress and no remarks").short_name = 'q';
    line.epilog(
        "Exit code: 0 done, 2 wrong command line, 3 could not count.\n"
        "Boxes are those that Ultralytics trains on; yolodata verify says what it leaves out.\n"
        "Example: yolodata stats data.yaml --imgsz 320 --format html --output stats.html");
    line.parse(argc, argv);
    return o;
}

void require_images(const Options& o, const yolodata::Dataset& dataset) {
    if (dataset.resolved && !dataset.images.empty()) return;
    const std::string why =
        dataset.findings.empty() ? "there is no image" : dataset.findings.front().message;
    throw yolodata::Error(yolodata::ErrorKind::not_found,
                          fmt::format("{}: nothing to count: {}; yolodata verify tells more",
                                      yolodata::printable(o.dataset.path), why));
}

int run(const Options& o) {
    const yolodata::Dataset dataset = o.dataset.open(program, o.jobs, o.quiet);
    require_images(o, dataset);
    tools::Progress progress("stats", "images", dataset.images.size(), o.quiet);
    const yolodata::DatasetStats stats =
        yolodata::dataset_stats(dataset, {o.imgsz, o.jobs, o.max_pixels, o.max_memory.bytes},
                                [&](std::uint64_t done, std::uint64_t) {
                                    tools::stop_if_interrupted();
                                    progress.update(done);
                                    return true;
                                });
    progress.finish();
    const tools::StatsReport report{dataset, stats, o.dataset.shown_root(dataset), o.imgsz};
    tools::Output out(o.output);
    if (o.format == "json") {
        write_json(report, out);
    } else {
        o.format == "html" ? write_html(report, out) : write_text(report, out);
    }
    out.finish();
    return tools::exit_done;
}

}  // namespace

int main(int argc, char** argv) {
    tools::set_library_versions({{"oneTBB", TBB_runtime_version()}});
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
