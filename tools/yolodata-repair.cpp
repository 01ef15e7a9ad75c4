// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <tbb/version.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/command_line.hpp"
#include "common/exit_codes.hpp"
#include "common/interrupt.hpp"
#include "common/progress.hpp"
#include "repair/options.hpp"
#include "repair/report.hpp"
#include "repair/shard_set.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/manifest.hpp"
#include "yolodata/core/utf8.hpp"
#include "yolodata/repair/apply.hpp"
#include "yolodata/repair/copy.hpp"
#include "yolodata/repair/plan.hpp"
#include "yolodata/repair/undo.hpp"

namespace {

using tools::RepairCommand;
using yolodata::Dataset;
using yolodata::printable;
using yolodata::RepairPlan;

template <class... Args>
void say(fmt::format_string<Args...> text, Args&&... args) {
    fmt::print(stderr, "{}: {}\n", tools::repair_program,
               fmt::format(text, std::forward<Args>(args)...));
}

/// A signal stops the work between two files, so that what was done can be told.
class Stopper {
 public:
    Stopper(std::string label, std::string unit, bool quiet)
        : label_(std::move(label)), unit_(std::move(unit)), quiet_(quiet) {}

    yolodata::Progress callback() {
        return [this](std::uint64_t done, std::uint64_t total) {
            if (!progress_ || total != total_) progress_.emplace(label_, unit_, total, quiet_);
            total_ = total;
            progress_->update(done);
            try {
                tools::stop_if_interrupted();
            } catch (const tools::Interrupted& stop) {
                signal = stop.signal;
            }
            return signal == 0;
        };
    }
    int signal = 0;

 private:
    std::string label_, unit_;
    bool quiet_;
    std::uint64_t total_ = 0;
    std::optional<tools::Progress> progress_;
};

void write_report(const RepairCommand& c, const tools::RepairReport& report) {
    tools::Output out(c.output);
    c.format == "json" ? write_repair_json(report, out) : write_repair_text(report, out);
    out.finish();
}

void complain_of(const RepairPlan& plan, const std::vector<yolodata::SkippedChange>& skipped) {
    for (const yolodata::SkippedChange& skip : skipped)
        say("{} was skipped: {}", printable(plan.changes[skip.change].path),
            printable(skip.reason));
}

int run_apply(const RepairCommand& c, const Dataset& dataset, const RepairPlan& plan,
              tools::RepairReport& report) {
    Stopper stopper("repair", "files", c.quiet);
    yolodata::ApplyResult result;
    try {
        result = apply_repair(dataset, plan, report.destination, stopper.callback());
    } catch (const yolodata::Error& error) {
        if (::access((report.destination + "/yolodata.repair/journal.jsonl").c_str(), F_OK) == 0 &&
            error.kind() != yolodata::ErrorKind::forbidden_state)
            say("stopped on the way; what was done is in the journal in {}: --undo takes it back",
                printable(report.destination));
        throw;
    }
    report.skipped = result.skipped;
    report.reached = result.done + result.skipped.size();
    write_report(c, report);
    complain_of(plan, result.skipped);
    if (result.stopped) {
        say("stopped after {} of {} files; --undo takes them back", result.done,
            plan.changes.size());
        return 128 + stopper.signal;
    }
    if (!c.quiet && result.done > 0) {
        say("the old contents are in {}; --undo brings them back", printable(report.destination));
        const std::string manifest = dataset.absolute(std::string(yolodata::manifest_file_name));
        if (::access(manifest.c_str(), F_OK) == 0)
            say("{} tells of the old contents; yolodata checksum writes it anew",
                yolodata::manifest_file_name);
    }
    return result.skipped.empty() ? tools::exit_done : tools::exit_failed;
}

int run_copy(const RepairCommand& c, const Dataset& dataset, const RepairPlan& plan,
             tools::RepairReport& report) {
    Stopper stopper("copy", "files", c.quiet);
    const yolodata::CopyResult result = copy_repaired(dataset, plan, c.out, stopper.callback());
    if (result.stopped) {
        say("stopped; {} was not written", printable(c.out));
        return 128 + stopper.signal;
    }
    report.skipped = result.skipped;
    report.reached = plan.changes.size();
    write_report(c, report);
    complain_of(plan, result.skipped);
    for (const yolodata::Left& left : result.not_carried)
        say("{}: {}", printable(left.path), left.reason);
    if (!c.quiet)
        say("{} files in {}; most are hard links: edit neither side in place", result.files,
            printable(c.out));
    return result.skipped.empty() ? tools::exit_done : tools::exit_failed;
}

int run_undo(const RepairCommand& c, const Dataset& dataset, const std::string& quarantine) {
    Stopper stopper("undo", "files", c.quiet);
    const yolodata::UndoResult result =
        yolodata::undo_repair(dataset.root, quarantine, c.force, stopper.callback());
    if (c.format == "json") {
        tools::Output out(c.output);
        write_undo_json(dataset, c.dataset.shown_root(dataset), result, out);
        out.finish();
    }
    if (result.stopped) {
        say("stopped after {} files; --undo again goes on", result.restored);
        return 128 + stopper.signal;
    }
    if (!result.journal)
        say("nothing to undo: {} holds no journal", printable(quarantine));
    else if (!c.quiet)
        say("{} of {} changes taken back", result.restored, result.changes);
    return tools::exit_done;
}

RepairPlan plan(const RepairCommand& c, const Dataset& dataset, int& signal) {
    yolodata::RepairOptions options;
    options.rules = c.fix;
    options.verify.examine.max_pixels = c.max_pixels;
    options.verify.jobs = c.jobs;
    options.verify.max_memory = c.max_memory.bytes;
    Stopper stopper("check", "images", c.quiet);
    RepairPlan plan = plan_repair(dataset, options, stopper.callback());
    signal = stopper.signal;
    return plan;
}

int run(const RepairCommand& c) {
    if (c.shards) return tools::repair_shard_set(c);
    // Undoing needs the root alone, and the task must not stand in its way.
    const Dataset dataset = c.undo ? yolodata::open_dataset(c.dataset.path)
                                   : c.dataset.open(tools::repair_program, c.jobs, c.quiet);
    const std::string quarantine =
        c.quarantine.empty() ? default_quarantine(dataset) : c.quarantine;
    if (c.undo) return run_undo(c, dataset, quarantine);
    if (!dataset.resolved)
        throw yolodata::Error(
            yolodata::ErrorKind::corrupt,
            fmt::format("{}: {}", printable(dataset.config), dataset.findings.front().message));
    int signal = 0;
    const RepairPlan planned = plan(c, dataset, signal);
    if (planned.stopped) return 128 + signal;
    tools::RepairReport report{dataset, planned, c.dataset.shown_root(dataset),
                               c.apply          ? "apply"
                               : !c.out.empty() ? "out"
                                                : "plan",
                               quarantine};
    if (c.apply) return run_apply(c, dataset, planned, report);
    if (!c.out.empty()) return run_copy(c, dataset, planned, report);
    write_report(c, report);
    return tools::exit_done;
}

}  // namespace

int main(int argc, char** argv) {
    tools::set_library_versions(
        {{"OpenSSL", OpenSSL_version(OPENSSL_VERSION_STRING)}, {"oneTBB", TBB_runtime_version()}});
    return tools::run_command(std::string(tools::repair_program), [&] {
        const RepairCommand command = tools::parse_repair(argc, argv);
        tools::catch_interrupts();
        return run(command);
    });
}
