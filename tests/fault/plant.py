# SPDX-License-Identifier: Apache-2.0
"""plant.py --bin DIR [--faults N] [--seed N] [--data FOLDER]… [--markdown FILE]: plants faults in random places of
real pictures and labels, runs yolodata verify, and prints how many of each kind it found and its false alarms.

Exit code 1: a fault that must be found was not, the manifest missed one, or a file without a fault was accused.
"""
import argparse
import collections
import pathlib
import random
import sys
import tempfile

from as_png import as_png
from campaign import Campaign

HERE = pathlib.Path(__file__).resolve().parent


def percent(part, whole):
    return f"{100 * part / whole:.1f}".rstrip("0").rstrip(".") + " %" if whole else "-"


def table(planted):
    """Markdown: one line for each kind of file and fault."""
    groups = collections.defaultdict(list)
    for p in planted:
        groups[p.kind, p.fault.name].append(p)
    lines = ["| file | fault | planted | named by the rule | any finding | with manifest |", "|---|---|---|---|---|---|"]
    for (kind, name), group in sorted(groups.items()):
        n = len(group)
        sure = "" if group[0].fault.sure else " *"
        lines.append(f"| {kind} | {name}{sure} | {n} | {percent(sum(p.named for p in group), n)} | "
                     f"{percent(sum(p.noticed for p in group), n)} | {percent(sum(p.in_manifest for p in group), n)} |")
    return lines


def summary(planted, alarms, controls):
    sure = [p for p in planted if p.fault.sure]
    unsure = [p for p in planted if not p.fault.sure]
    lines = [f"- faults that the file itself shows: {len(sure)} planted, {percent(sum(p.named for p in sure), len(sure))} named",
             f"- faults (*) after which a file may decode as well as before: {len(unsure)} planted, "
             f"{percent(sum(p.noticed for p in unsure), len(unsure))} seen by the decoder or parser",
             f"- with a manifest: {percent(sum(p.in_manifest for p in planted), len(planted))} of all {len(planted)}",
             f"- false alarms: {len(alarms)} on {controls} files without a fault"]
    for rule, count in sorted(collections.Counter(alarm[1] for alarm in alarms).items()):
        lines.append(f"  - {rule}: {count}")
    return lines


def failures(planted, alarms):
    for p in planted:
        if p.fault.sure and not p.named:
            yield f"not named: {p.fault.name} in {p.path}: found {p.rules or 'nothing'}"
        if not p.in_manifest:
            yield f"not found with the manifest: {p.fault.name} in {p.path}"
    for alarm in alarms:
        yield f"false alarm: {alarm}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--faults", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", action="append", help="folder with a data.yaml, images/ and labels/; default: samples/bccd")
    parser.add_argument("--markdown", help="write the table there")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as scratch:
        sources = options.data or [HERE.parent.parent / "samples/bccd"]
        sources = [*sources, as_png(options.bin, sources[0], pathlib.Path(scratch) / "png")]
        campaigns = []
        for i, source in enumerate(sources):
            folder = pathlib.Path(scratch) / str(i)
            folder.mkdir()
            campaigns.append(Campaign(options.bin, source, folder, chance))
        turn = 0
        while sum(len(c.planted) for c in campaigns) < options.faults:
            campaigns[turn % len(campaigns)].round()
            turn += 1
    planted = [p for c in campaigns for p in c.planted]
    alarms = [a for c in campaigns for a in c.false_alarms]
    lines = summary(planted, alarms, sum(c.controls for c in campaigns)) + [""] + table(planted)
    print("\n".join(lines))
    if options.markdown:
        pathlib.Path(options.markdown).write_text("\n".join(lines) + "\n")
    wrong = list(failures(planted, alarms))
    print("\n".join(wrong[:50]), file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
