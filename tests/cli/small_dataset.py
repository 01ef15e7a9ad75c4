# SPDX-License-Identifier: Apache-2.0
"""Small datasets drawn by code, and the executables to run on them."""
import json
import os
import pathlib
import random
import struct
import subprocess
import zlib

import pytest

BIN = pathlib.Path(os.environ["YOLO_BIN"])
SOURCE = pathlib.Path(os.environ["YOLO_SOURCE"])
SHARED = SOURCE.parent / "shared"


# A sanitizer reserves terabytes of addresses and looks for leaks by ptrace, as strace does.
plain_build_only = pytest.mark.skipif(bool(os.environ.get("YOLO_SANITIZE")), reason="not with a sanitizer")


def run(*args, code=0, **kwargs):
    """Runs `yolodata ARGS…`, demands the exit code (None: any), and returns the finished process (text)."""
    kwargs.setdefault("timeout", 120)
    done = subprocess.run([BIN / "yolodata", *map(os.fspath, args)], capture_output=True, text=True,
                          errors="surrogateescape", **kwargs)
    assert code is None or done.returncode == code, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def report(path, *args, code=0, **kwargs):
    """The JSON report of `yolodata verify`; nothing may be on stderr."""
    done = run("verify", path, "--format", "json", *args, code=code, **kwargs)
    assert done.stderr == ""
    return json.loads(done.stdout)


def brief(findings):
    """[(rule, severity, path, line, column)], in the report's order."""
    return [(f["rule"], f["severity"], f["path"], f.get("line"), f.get("column")) for f in findings]


def png(seed, width=64, height=48):
    """An RGB picture of noise: no two seeds give the same."""
    noise = random.Random(seed)
    rows = b"".join(b"\0" + noise.randbytes(width * 3) for _ in range(height))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


class SmallDataset:
    """train: 6 pictures, val: 2, three classes; every picture has one good row."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.root.mkdir(parents=True, exist_ok=True)
        self.config = self.root / "data.yaml"
        self.config.write_text("path: .\ntrain: images/train\nval: images/val\nnames: [cat, dog, bird]\n")
        for i in range(6):
            self.put(f"train/t{i}", i, f"{i % 3} 0.5 0.5 0.4 0.4\n")
        for i in range(2):
            self.put(f"val/v{i}", 100 + i, f"{i % 3} 0.5 0.5 0.4 0.4\n")

    def put(self, name, seed, rows):
        self.write(f"images/{name}.png", png(seed))
        self.write(f"labels/{name}.txt", rows.encode())

    def write(self, path, content):
        target = self.root / path if isinstance(path, str) else pathlib.Path(os.fsdecode(os.fsencode(self.root) + b"/" + path))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        return target


def snapshot(root):
    """Everything below a folder: kinds, sizes, times, contents."""
    state = {}
    for folder, _, names in os.walk(os.fsencode(root)):
        for name in names:
            path = os.path.join(folder, name)
            stat = os.lstat(path)
            content = open(path, "rb").read() if os.path.isfile(path) and not os.path.islink(path) else None
            state[path] = (stat.st_mode, stat.st_size, stat.st_mtime_ns, content)
    return state
