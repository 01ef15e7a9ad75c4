# SPDX-License-Identifier: Apache-2.0
"""Times numpy on what label_bench judges: rows split by Python, one float32 array, the range and duplicate
checks that an Ultralytics data set scan makes of them. Prints rows per second for files of 8 and 100,000 rows.
"""
import random
import time

import numpy as np


def rows(count):
    generator = random.Random(1)
    lines = []
    for _ in range(count):
        w, h = (0.05 + 0.2 * generator.random() for _ in range(2))
        x, y = w / 2 + (1 - w) * generator.random(), h / 2 + (1 - h) * generator.random()
        lines.append(f"{generator.randrange(80)} {x:.6f} {y:.6f} {w:.6f} {h:.6f}\n")
    return "".join(lines)


def judge(text):
    labels = np.array([line.split() for line in text.strip().splitlines() if line], dtype=np.float32)
    assert labels.shape[1] == 5
    boxes = labels[:, 1:]
    assert boxes.max() <= 1.01 and labels.min() >= -0.01 and labels[:, 0].max() < 80
    _, first = np.unique(labels, axis=0, return_index=True)
    return labels if len(first) == len(labels) else labels[np.sort(first)]


for count in 8, 100_000:
    text, done, start = rows(count), 0, time.perf_counter()
    while time.perf_counter() - start < 1:
        judge(text)
        done += count
    print(f"{count:>7} rows a file: {done / (time.perf_counter() - start):,.0f} rows/s")
