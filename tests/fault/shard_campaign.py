# SPDX-License-Identifier: Apache-2.0
"""Plants faults into a packed set and looks at what the commands do:

    shard_campaign.py --bin DIR [--faults N] [--kills N] [--seed N]

Each fault is one of: bits flipped, a stretch zeroed or overwritten, a file cut, grown, deleted or exchanged, index.json
damaged. verify must find it (exit 1), inspect and repair must say something sensible, nothing may crash, and after
`repair --apply` or `--out` the set must be whole again as far as was promised. Kills end repair at random moments;
a second run must then succeed. Prints a line a kind; exit 1 where a promise was broken."""
import argparse
import collections
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLE = os.path.join(HERE, "..", "..", "samples", "bccd", "data.yaml")


class Campaign:
    def __init__(self, options, folder):
        self.bin, self.folder, self.random = options.bin, folder, random.Random(options.seed)
        self.whole, self.set = os.path.join(folder, "whole"), os.path.join(folder, "set")
        self.broken, self.counts = [], collections.Counter()
        done = self.run("pack", SAMPLE, self.whole, "--imgsz", 96, "--shard-size", "300KiB", "--quiet")
        assert done.returncode == 0, done.stderr
        self.content = {name: open(os.path.join(self.whole, name), "rb").read() for name in sorted(os.listdir(self.whole))}
        self.shards = [name for name in self.content if name.endswith(".yds")]

    def run(self, command, *arguments):
        return subprocess.run([os.path.join(self.bin, "yolodata-" + command), *map(str, arguments)], capture_output=True,
                              text=True, errors="replace", timeout=120)

    def restore(self):
        shutil.rmtree(self.set, ignore_errors=True)
        shutil.copytree(self.whole, self.set)

    def same(self):
        return {name: open(os.path.join(self.set, name), "rb").read() for name in sorted(os.listdir(self.set))} == self.content

    def plant(self):
        """Harms the set; returns the kind and the file."""
        kind = self.random.choice(["flip", "zero", "overwrite", "cut", "grow", "delete", "exchange", "index", "header", "tail"])
        name = self.random.choice(self.shards)
        if kind == "index":
            name = "index.json"
        data = bytearray(self.content[name])
        at = self.random.randrange(len(data))
        if kind in ("flip", "index"):
            data[at] ^= 1 << self.random.randrange(8)
        elif kind == "zero":
            data[at:at + 9000] = bytes(len(data[at:at + 9000]))
        elif kind == "overwrite":
            data[at:at + 300] = self.random.randbytes(len(data[at:at + 300]))
        elif kind == "cut":
            del data[at:]
        elif kind == "grow":
            data += self.random.randbytes(self.random.randrange(1, 5000))
        elif kind == "exchange":
            data = bytearray(self.content[self.random.choice([n for n in self.shards if n != name])])
        elif kind == "header":
            data[:4096] = self.random.randbytes(4096)
        elif kind == "tail":
            data[-3000:] = self.random.randbytes(3000)
        path = os.path.join(self.set, name)
        if kind == "delete":
            os.unlink(path)
        else:
            with open(path, "wb") as file:
                file.write(data)
        return kind, name, bytes(data) == self.content[name]

    def expect(self, holds, what):
        if not holds:
            self.broken.append(what)
            print("BROKEN:", what, flush=True)

    def fault(self, number):
        self.restore()
        kind, name, unchanged = self.plant()
        here = f"fault {number}: {kind} in {name}"
        verify = self.run("verify", self.set, "--format", "json")
        # index.json holds words that no checksum covers, such as a class's name.
        tolerated = kind == "index" or unchanged
        self.expect(verify.returncode == 1 or (verify.returncode == 0 and tolerated), f"{here}: verify exits {verify.returncode}")
        fast = self.run("verify", self.set, "--fast")
        self.expect(fast.returncode in (0, 1), f"{here}: verify --fast exits {fast.returncode}")
        inspect = self.run("inspect", self.set, "--record", 3)
        self.expect(inspect.returncode in (0, 2, 3), f"{here}: inspect exits {inspect.returncode}")
        plan = self.run("repair", self.set, "--format", "json")
        self.expect(plan.returncode in (0, 3), f"{here}: repair exits {plan.returncode}")
        if plan.returncode != 0 or kind == "index":
            self.counts[kind, "index.json is lost"] += 1
            return
        lost = json.loads(plan.stdout)["summary"]["lost_records"]
        apply = self.run("repair", self.set, "--apply")
        self.expect(apply.returncode == (3 if lost else 0), f"{here}: repair --apply exits {apply.returncode}")
        if lost == 0:
            self.counts[kind, "rebuilt byte for byte"] += 1
            self.expect(self.same(), f"{here}: not the set that was packed")
            return
        self.counts[kind, "records lost"] += 1
        out = os.path.join(self.folder, "out")
        shutil.rmtree(out, ignore_errors=True)
        self.expect(self.run("repair", self.set, "--out", out).returncode == 0, f"{here}: repair --out")
        self.expect(self.run("verify", out).returncode == 0, f"{here}: the repaired set is not whole")

    def kill(self, number):
        self.restore()
        for name in self.shards:
            with open(os.path.join(self.set, name), "r+b") as file:
                file.write(bytes(4096))
        out = os.path.join(self.folder, "out")
        shutil.rmtree(out, ignore_errors=True)
        mode = [["--apply"], ["--out", out]][number % 2]
        process = subprocess.Popen([os.path.join(self.bin, "yolodata-repair"), self.set, *mode, "--quiet"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(self.random.random() * 0.06)
        process.kill()
        killed = process.wait() != 0
        # index.json comes last: with it the set is whole, though the process may not have come to its end.
        finished = mode[0] == "--out" and os.path.exists(os.path.join(mode[1], "index.json"))
        again = self.run("repair", self.set, *mode)
        if finished:
            self.expect(again.returncode == 2, f"kill {number}: a finished set was overwritten")
        else:
            self.expect(again.returncode == 0, f"kill {number} {mode[0]}: the second run exits {again.returncode}: {again.stderr}")
        if mode[0] == "--apply":
            self.expect(self.same(), f"kill {number}: not the set that was packed")
        else:
            self.expect(self.run("verify", out).returncode == 0, f"kill {number}: the repaired set is not whole")
        self.counts["kill -9 " + mode[0], "in time" if killed and not finished else "too late"] += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--faults", type=int, default=20)
    parser.add_argument("--kills", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        campaign = Campaign(options, folder)
        for number in range(options.faults):
            campaign.fault(number)
        for number in range(options.kills):
            campaign.kill(number)
    for (kind, outcome), n in sorted(campaign.counts.items()):
        print(f"{kind:<16} {outcome:<24} {n}")
    sys.exit(1 if campaign.broken else 0)


if __name__ == "__main__":
    main()
