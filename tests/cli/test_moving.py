# SPDX-License-Identifier: Apache-2.0
"""Files that change, shrink, grow or vanish while they are read: no crash, no hang, a valid report."""
import json
import os
import random
import subprocess
import threading
import time

import jsonschema
import pytest

from small_dataset import BIN, SOURCE, SmallDataset, png

SCHEMA = json.loads((SOURCE / "schemas/report.schema.json").read_text())
SECONDS = float(os.environ.get("YOLO_MOVING_SECONDS", "3"))


class Writer(threading.Thread):
    """Truncates, deletes, writes anew and replaces the files of a data set until it is stopped."""

    def __init__(self, files):
        super().__init__(daemon=True)
        self.files = [(path, path.read_bytes()) for path in files]
        self.done = threading.Event()
        self.changes = 0

    def run(self):
        chance = random.Random(1)
        while not self.done.is_set():
            path, content = chance.choice(self.files)
            try:
                self.change(path, content, chance)
            except FileNotFoundError:
                path.write_bytes(content)
            self.changes += 1
        for path, content in self.files:
            path.write_bytes(content)

    def change(self, path, content, chance):
        what = chance.randrange(5)
        if what == 0:
            os.truncate(path, chance.randrange(len(content)))
        elif what == 1:
            path.unlink()
        elif what == 2:
            path.write_bytes(content)
        elif what == 3:
            with open(path, "ab") as f:
                f.write(b"\0" * 5000)
        else:
            new = path.with_name(path.name + ".new")
            new.write_bytes(content)
            os.replace(new, path)


@pytest.fixture
def moving(tmp_path):
    data = SmallDataset(tmp_path / "set")
    for i in range(30):
        data.put(f"train/m{i}", 500 + i, "0 0.5 0.5 0.4 0.4\n" * 50)
        data.write(f"images/train/m{i}.png", png(500 + i, 200, 200))
    writer = Writer(sorted(data.root.glob("*/train/m*")))
    writer.start()
    yield data
    writer.done.set()
    writer.join()
    assert writer.changes > 100


def attempts(*args, codes):
    end, count = time.monotonic() + SECONDS, 0
    while time.monotonic() < end or count < 3:
        done = subprocess.run([BIN / "yolodata", *map(os.fspath, args)], capture_output=True, text=True, timeout=60)
        assert done.returncode in codes, (done.returncode, done.stderr)
        count += 1
        yield done


def test_verify(moving):
    for done in attempts("verify", moving.root, "--format", "json", "--jobs", "4", codes=(0, 1)):
        result = json.loads(done.stdout)
        jsonschema.validate(result, SCHEMA)
        assert done.stderr == ""
        assert result["summary"]["errors"] == sum(f["severity"] == "error" for f in result["findings"])


def test_checksum(moving):
    out = moving.root.parent / "manifest"
    for done in attempts("checksum", moving.root, "--output", out, "--jobs", "4", codes=(0, 3)):
        json.loads(out.read_text())
    for done in attempts("checksum", moving.root, f"--check={out}", "--jobs", "4", codes=(0, 1)):
        assert "files listed" in done.stdout
    for done in attempts("checksum", moving.root, f"--check={out}", "--sample=50%", codes=(0, 1)):
        assert "trusted by size and time" in done.stdout


def test_pack(moving):
    out = moving.root.parent / "shards"
    for done in attempts("pack", moving.root, out, "--overwrite", "--jobs", "4", "--imgsz", "64", "--quiet", codes=(0,)):
        index = json.loads((out / "index.json").read_text())
        assert index["schema"].startswith("yolodata.index/")
        check = subprocess.run([BIN / "yolodata", "inspect", out, "--format", "json"], capture_output=True, text=True)
        assert check.returncode == 0, check.stderr
