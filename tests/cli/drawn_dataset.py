# SPDX-License-Identifier: Apache-2.0
"""Datasets that the shard tests draw: PNGs whose pixels are a formula, so that what comes out can be checked."""
import os
import struct
import subprocess
import zlib

import numpy as np

BIN = os.environ.get("YOLO_BIN", "build/release/bin")
SOURCE = os.environ.get("YOLO_SOURCE", os.path.join(os.path.dirname(__file__), "..", ".."))


def run(command, *arguments, **options):
    """Runs `yolodata COMMAND` with what it prints captured as text."""
    return subprocess.run([os.path.join(BIN, "yolodata-" + command), *map(str, arguments)], capture_output=True,
                          text=True, errors="surrogateescape", timeout=120, **options)


def pixels(number, width, height):
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    return ((x * 3 + y * 5 + c * 71 + number * 17 + (x * y) // 16) % 256).astype(np.uint8)


def png(picture):
    height, width, _ = picture.shape
    rows = np.hstack([np.zeros((height, 1), np.uint8), picture.reshape(height, width * 3)])

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows.tobytes(), 1)) + chunk(b"IEND", b"")


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())


def size_of(number):
    """Widths and heights differ; the long side is 64, so that imgsz 64 needs no resize."""
    return (64, 40 + number % 20) if number % 2 else (30 + number % 30, 64)


def rows_of(number):
    return [(k % 3, round(0.3 + 0.05 * k, 6), 0.5, 0.25, round(0.1 + 0.01 * number % 0.3, 6)) for k in range(number % 4)]


def draw(folder, train=7, val=3):
    """data.yaml with splits train and val; image n is nNNN.png. Every fourth is a background."""
    folder = str(folder)
    for number in range(train + val):
        split = "train" if number < train else "val"
        name = f"{split}/n{number:03}"
        write(f"{folder}/images/{name}.png", png(pixels(number, *size_of(number))))
        if number % 4:
            write(f"{folder}/labels/{name}.txt", "".join("%d %g %g %g %g\n" % row for row in rows_of(number)))
    write(f"{folder}/data.yaml", "path: .\ntrain: images/train\nval: images/val\nnames: [red, green, blue]\n")
    return f"{folder}/data.yaml"


def tree(folder):
    """Every file below a folder by name, with its bytes."""
    found = {}
    for here, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(here, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = file.read()
    return found


def pack_drawn(folder):
    """A set of several small shards in FOLDER/set, from a dataset drawn beside it: 12 records of train, 4 of val."""
    done = run("pack", draw(folder / "data", train=12, val=4), folder / "set", "--imgsz", 64, "--shard-size", "64KiB", "--quiet")
    assert done.returncode == 0, done.stderr
    return folder / "set"
