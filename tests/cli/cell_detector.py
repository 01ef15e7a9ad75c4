# SPDX-License-Identifier: Apache-2.0
"""Weights of a yolov8n whose answer is known without running it, and small helpers around the executables.

Whatever the picture shows, each 32 x 32 cell of the network's input is one box of class 0, and there is
nothing else: all convolutions are zero, so that the head's last biases are its output.
"""
import json
import math
import os
import struct
import subprocess
import zlib
from pathlib import Path

import numpy as np

BIN = Path(os.environ["YOLO_BIN"])
SOURCE = Path(os.environ["YOLO_SOURCE"])
SCHEMAS = SOURCE / "schemas"


def run(command, *arguments, cwd=None, stdin="", timeout=120):
    return subprocess.run([str(BIN / command), *map(str, arguments)], cwd=cwd, input=stdin.encode(),
                          capture_output=True, timeout=timeout)


def conv(name, cin, cout, k):
    yield name + ".conv.weight", (cout, cin, k, k)
    for part in ("weight", "bias", "running_mean", "running_var"):
        yield f"{name}.bn.{part}", (cout,)
    yield name + ".bn.num_batches_tracked", ()


def c2f(name, cin, cout, repeats):
    yield from conv(name + ".cv1", cin, cout, 1)
    yield from conv(name + ".cv2", (2 + repeats) * cout // 2, cout, 1)
    for i in range(repeats):
        yield from conv(f"{name}.m.{i}.cv1", cout // 2, cout // 2, 3)
        yield from conv(f"{name}.m.{i}.cv2", cout // 2, cout // 2, 3)


def shapes(nc):
    """The state_dict of yolov8n."""
    yield from conv("model.0", 3, 16, 3)
    yield from conv("model.1", 16, 32, 3)
    yield from c2f("model.2", 32, 32, 1)
    yield from conv("model.3", 32, 64, 3)
    yield from c2f("model.4", 64, 64, 2)
    yield from conv("model.5", 64, 128, 3)
    yield from c2f("model.6", 128, 128, 2)
    yield from conv("model.7", 128, 256, 3)
    yield from c2f("model.8", 256, 256, 1)
    yield from conv("model.9.cv1", 256, 128, 1)
    yield from conv("model.9.cv2", 512, 256, 1)
    yield from c2f("model.12", 384, 128, 1)
    yield from c2f("model.15", 192, 64, 1)
    yield from conv("model.16", 64, 64, 3)
    yield from c2f("model.18", 192, 128, 1)
    yield from conv("model.19", 128, 128, 3)
    yield from c2f("model.21", 384, 256, 1)
    for branch, hidden, out in (("cv2", 64, 64), ("cv3", max(64, min(nc, 100)), nc)):
        for level, cin in enumerate((64, 128, 256)):
            head = f"model.22.{branch}.{level}"
            yield from conv(head + ".0", cin, hidden, 3)
            yield from conv(head + ".1", hidden, hidden, 3)
            yield head + ".2.weight", (out, hidden, 1, 1)
            yield head + ".2.bias", (out,)
    yield "model.22.dfl.conv.weight", (1, 16, 1, 1)


def value(name, shape, score):
    if name.endswith("num_batches_tracked"):
        return np.zeros((), "<i8")
    if name.endswith("dfl.conv.weight"):
        return np.arange(16, dtype="<f4").reshape(shape)
    array = np.full(shape, 1 if name.endswith("running_var") else 0, "<f4")
    if name.endswith(".2.bias") and ".cv3." in name:
        array[:] = -30
        if ".2.2.bias" in name:
            array[0] = math.log(score / (1 - score))
    if name.endswith(".2.bias") and ".cv2." in name:
        array[:] = -50
        for side in range(4):  # half a cell: bins 0 and 1 alike
            array[16 * side:16 * side + 2] = 50
    return array


def write_weights(path, names=("cell", "other"), score=0.9, imgsz=64, spoil=None):
    """`spoil`: a tensor that gets a NaN."""
    header = {"__metadata__": {"names": json.dumps({str(i): n for i, n in enumerate(names)}),
                               "imgsz": f"[{imgsz}, {imgsz}]", "stride": "32", "task": "detect"}}
    blobs, offset = [], 0
    for name, shape in shapes(len(names)):
        array = value(name, shape, score)
        if name == spoil:
            array.flat[0] = np.nan
        blob = array.tobytes()
        header[name] = {"dtype": "I64" if array.dtype.kind == "i" else "F32", "shape": list(shape),
                        "data_offsets": [offset, offset + len(blob)]}
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    Path(path).write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))
    return Path(path)


def png(width, height, colour=(90, 120, 150)):
    """A PNG of one colour with a darker left half, so that it is not blank."""
    rows = []
    for _ in range(height):
        left = bytes(c // 2 for c in colour) * (width // 2)
        rows.append(b"\0" + left + bytes(colour) * (width - width // 2))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(b"".join(rows))) + chunk(b"IEND", b""))


def png_size(path):
    return struct.unpack(">II", Path(path).read_bytes()[16:24])


FOUR_CELLS = "".join(f"0 {x} {y} 0.5 0.5\n" for y in (0.25, 0.75) for x in (0.25, 0.75))


def write_dataset(folder, labels, names=("cell", "other"), size=(64, 64)):
    """labels: text of each picture's label file in split val, None = no file. One picture in train."""
    folder = Path(folder)
    for part in ("images/train", "images/val", "labels/train", "labels/val"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / "images/train/t.png").write_bytes(png(*size, colour=(10, 200, 30)))
    (folder / "labels/train/t.txt").write_text(FOUR_CELLS)
    for i, text in enumerate(labels):
        (folder / f"images/val/p{i}.png").write_bytes(png(*size, colour=(60 + 20 * i, 100, 180 - 10 * i)))
        if text is not None:
            (folder / f"labels/val/p{i}.txt").write_text(text)
    lines = ["path: .", "train: images/train", "val: images/val", "names:"]
    (folder / "data.yaml").write_text("\n".join(lines + [f"  {i}: {n}" for i, n in enumerate(names)]) + "\n")
    return folder / "data.yaml"
