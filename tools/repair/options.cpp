// SPDX-License-Identifier: Apache-2.0
#include "repair/options.hpp"

#include <fmt/format.h>

#include "yolodata/core/rules.hpp"
#include "yolodata/upkeep/check.hpp"

namespace tools {

namespace {

void require_mendable(const std::vector<std::string>& patterns) {
    for (const std::string& pattern : patterns) {
        bool known = false, mendable = false;
        for (const yolodata::RuleInfo& rule : yolodata::rule_catalogue()) {
            if (!yolodata::rule_matches(pattern, rule.id)) continue;
            known = true;
            // Of an unlisted file only its finding tells whether it is a picture.
            mendable |= rule.fix != yolodata::Fix::none || rule.id == "dataset/unlisted-file";
        }
        if (!known)
            throw UsageError{fmt::format(
                "--fix {}: no rule matches; yolodata verify names the rules of its findings",
                pattern)};
        if (!mendable)
            throw UsageError{fmt::format(
                "--fix {}: no program can mend this; yolodata verify says what to do", pattern)};
    }
}

void require_one_mode(const RepairCommand& c) {
    const int modes = c.dry_run + c.apply + c.undo + !c.out.empty();
    if (modes > 1) throw UsageError{"give one of --dry-run, --apply, --undo and --out DIR"};
    if (c.force && !c.undo) throw UsageError{"--force belongs to --undo"};
}

void refuse_what_does_not_apply(const RepairCommand& c, const CommandLine& line) {
    if (!c.shards) return;
    if (c.dataset.path.ends_with(".yds"))
        throw UsageError{fmt::format("{}: name the folder of the shard set; its index.json tells what the shard was",
                                     c.dataset.path)};
    for (const char* name : {"undo", "force", "fix", "quarantine", "task", "nc", "names", "kpt-shape"})
        if (line.given(name))
            throw UsageError{fmt::format("--{} is for datasets; {} is a shard set", name, c.dataset.path)};
}

void limit_options(CommandLine& line, RepairCommand& c) {
    line.group("Limits");
    Option& jobs = line.option("jobs", &c.jobs, "N", "threads");
    jobs.min = 1, jobs.max = 1024;
    line.option("max-memory", &c.max_memory, "SIZE",
                "for files in work, beyond about 100 MiB for the program itself");
    line.option("max-pixels", &c.max_pixels, "N",
                "larger pictures are image/too-large; 0 = no limit");
}

}  // namespace

RepairCommand parse_repair(int argc, char** argv) {
    RepairCommand c;
    CommandLine line(std::string(repair_program),
                     "Plans what mends a dataset, and does it with --apply; --undo brings every "
                     "byte back. Of a shard set it makes lost headers and indices anew.");
    c.dataset.add_path(line, "; or a folder of shards");
    line.group("What is done");
    line.flag("dry-run", &c.dry_run, "say what would be done, change nothing (the default)");
    line.flag("apply", &c.apply, "do it; the old contents go into the quarantine folder's journal");
    line.flag("undo", &c.undo, "bring back everything that --apply changed");
    line.flag("force", &c.force, "with --undo: overwrite files that were edited since");
    line.option("out", &c.out, "DIR",
                "write a repaired copy there: hard links, but for what is mended");
    line.option("fix", &c.fix, "RULE,…", "mend these rules only (globs: label/*)").default_text =
        "all but pixel coordinates and names";
    line.option("quarantine", &c.quarantine, "DIR",
                "where unusable pairs and the journal go, outside the dataset")
        .default_text = "ROOT.quarantine beside the dataset";
    line.group("The dataset");
    c.dataset.add_options(line);
    limit_options(line, c);
    line.group("Output");
    line.option("format", &c.format, "FORMAT", "form of the plan; json: of what --undo did too")
        .choices = {"text", "json"};
    line.option("output", &c.output, "FILE", "write the plan there instead of to stdout");
    line.flag("quiet", &c.quiet, "no progress and no remarks").short_name = 'q';
    line.epilog(
        "Symbolic links are never written through, and nothing outside the dataset's folder is "
        "touched. After a kill, --undo brings the old state back; --apply is refused until then.\n"
        "Of a shard set, --apply rebuilds shards whose records are all whole, byte for byte; what lost records "
        "is never changed: --out DIR writes a set of the others and lists the lost ones in its index.json.\n"
        "Exit code: 0 done; 2 wrong command line, or a journal or an edited file forbids it; 3 "
        "could not do it, or not all of it.\n"
        "Example: yolodata repair data.yaml && yolodata repair data.yaml --apply");
    line.parse(argc, argv);
    require_mendable(c.fix);
    require_one_mode(c);
    c.shards = yolodata::shard::is_shard_path(c.dataset.path);
    refuse_what_does_not_apply(c, line);
    return c;
}

}  // namespace tools
