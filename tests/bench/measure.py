# SPDX-License-Identifier: Apache-2.0
"""Times whole processes: measure.py [--runs N] [--count IMAGES] [--before COMMAND] -- COMMAND …

Runs COMMAND once to warm up and N times counted; prints wall seconds, peak resident memory (of the largest
process) and, with --count, images per second, each as min, median, max. --before runs ahead of each run,
untimed (to remove an output folder). A command that fails ends the measurement.
"""
import argparse
import os
import platform
import shlex
import statistics
import subprocess
import sys
import time


def run(command):
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 1):  # 1: verify found something, as it should on some data
        sys.exit(f"{shlex.join(command)}: exit {code}\n{errors.decode(errors='replace')}")
    return seconds, usage.ru_maxrss / 1024


def cpu_name():
    with open("/proc/cpuinfo") as f:
        names = [line.split(":", 1)[1].strip() for line in f if line.startswith("model name")]
    return f"{len(os.sched_getaffinity(0))} x {names[0] if names else platform.machine()}"


def row(label, values, digits):
    spread = "  ".join(f"{v:.{digits}f}" for v in (min(values), statistics.median(values), max(values)))
    print(f"{label:<14} {spread}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--before", default="")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    command = [word for i, word in enumerate(options.command) if not (i == 0 and word == "--")]
    results = []
    for i in range(options.runs + 1):
        if options.before:
            subprocess.run(options.before, shell=True, check=True)
        result = run(command)
        if i > 0:
            results.append(result)
    print(f"$ {shlex.join(command)}\n# {cpu_name()}; {options.runs} runs after a warm-up; min  median  max")
    row("seconds", [s for s, _ in results], 2)
    row("peak MiB", [m for _, m in results], 0)
    if options.count:
        row("images/s", [options.count / s for s, _ in results], 1)


if __name__ == "__main__":
    main()
