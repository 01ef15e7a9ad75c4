# SPDX-License-Identifier: Apache-2.0
"""pack --decode exact|fast: large JPEGs decoded at a smaller scale, as strictly as whole ones."""
import json
import os
import sys

import jsonschema
import numpy as np
import pytest

from drawn_dataset import SOURCE, png, run, tree, write

sys.path.insert(0, os.path.join(SOURCE, "tests", "vectors", "shards"))
from read_shards import read_split  # noqa: E402

SIDES = [(1200, 900), (700, 1100), (250, 180)]  # the last one is enlarged


def smooth(width, height):
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    return (128 + 60 * np.sin(x / 37 + c) + 60 * np.cos(y / 23 - c)).astype(np.uint8)


@pytest.fixture(scope="module")
def jpegs(tmp_path_factory):
    """The pictures as JPEGs, made by pack itself."""
    folder = tmp_path_factory.mktemp("jpegs")
    made = []
    for number, (width, height) in enumerate(SIDES):
        one = folder / f"one{number}"
        write(f"{one}/images/train/a.png", png(smooth(width, height)))
        write(f"{one}/data.yaml", "path: .\ntrain: images/train\nval: images/train\nnames: [red]\n")
        assert run("pack", one, one / "out", "--split", "train", "--codec", "jpeg", "--imgsz", max(width, height)).returncode == 0
        assert run("inspect", one / "out", "--record", 0, "--extract", one / "a.jpg").returncode == 0
        made.append((one / "a.jpg").read_bytes())
    return made


@pytest.fixture
def data(tmp_path, jpegs):
    folder = tmp_path / "data"
    for number, jpeg in enumerate(jpegs):
        write(f"{folder}/images/train/n{number}.jpg", jpeg)
        write(f"{folder}/labels/train/n{number}.txt", "0 0.5 0.5 0.25 0.25\n")
    write(f"{folder}/data.yaml", "path: .\ntrain: images/train\nval: images/train\nnames: [red]\n")
    return folder


def pack(data, out, *options):
    return run("pack", data, out, "--split", "train", "--imgsz", 300, *options)


def index_of(out):
    with open(out / "index.json", encoding="utf-8") as file:
        index = json.load(file)
    with open(os.path.join(SOURCE, "schemas", "index.schema.json"), encoding="utf-8") as file:
        jsonschema.validate(index, json.load(file))
    return index


def test_fast_is_near_to_exact(data, tmp_path):
    assert pack(data, tmp_path / "exact").returncode == 0
    assert pack(data, tmp_path / "fast", "--decode", "fast").returncode == 0
    pairs = list(zip(read_split(tmp_path / "exact", "train"), read_split(tmp_path / "fast", "train"), strict=True))
    assert len(pairs) == len(SIDES)
    for (exact, fast), sides in zip(pairs, SIDES):
        assert exact["source_size"] == fast["source_size"] == sides
        assert exact["payload"].shape == fast["payload"].shape
        difference = np.abs(exact["payload"].astype(int) - fast["payload"].astype(int))
        assert difference.mean() < 2 and difference.max() < 40
        assert (difference.max() > 0) == (max(sides) >= 600)  # only what is twice as large is decoded smaller


def test_jobs_do_not_change_fast(data, tmp_path):
    for jobs in (1, 3):
        assert pack(data, tmp_path / f"out{jobs}", "--decode", "fast", "--jobs", jobs).returncode == 0
    # Pictures that do not fit the memory of a thread are decoded after their check, to the same pixels.
    assert pack(data, tmp_path / "small", "--decode", "fast", "--max-memory", "2M").returncode == 0
    assert tree(tmp_path / "out1") == tree(tmp_path / "out3") == tree(tmp_path / "small")
    assert pack(data, tmp_path / "exact").returncode == pack(data, tmp_path / "exact2", "--max-memory", "2M").returncode == 0
    assert tree(tmp_path / "exact") == tree(tmp_path / "exact2")


def test_it_is_an_option_that_must_fit(data, tmp_path):
    out = tmp_path / "out"
    assert pack(data, out, "--decode", "exact").returncode == 0
    assert "decode" not in index_of(out)["options"]  # sets without it are exact
    assert "is up to date" in pack(data, out, "--if-changed").stdout
    before = tree(out)
    done = pack(data, out, "--if-changed", "--decode", "fast")
    assert done.returncode == 0 and "is up to date" not in done.stdout
    assert index_of(out)["options"]["decode"] == "fast" and tree(out) != before
    assert "is up to date" in pack(data, out, "--if-changed", "--decode", "fast").stdout
    assert "is up to date" in pack(data, out, "--resume", "--decode", "fast").stdout
    assert pack(data, out, "--resume").returncode == 2  # another set stands there
    assert "decode fast" in run("inspect", out).stdout
    shown = json.loads(run("inspect", out, "--format", "json").stdout)
    with open(os.path.join(SOURCE, "schemas", "inspect.schema.json"), encoding="utf-8") as file:
        jsonschema.validate(shown, json.load(file))
    assert shown["options"]["decode"] == "fast"
    assert pack(data, tmp_path / "no", "--decode", "quick").returncode == 2


def test_damage_is_found_all_the_same(data, tmp_path, jpegs):
    write(f"{data}/images/train/n0.jpg", jpegs[0][: len(jpegs[0]) * 9 // 10])
    broken = bytearray(jpegs[1])
    middle = len(broken) // 2
    broken[middle : middle + 40] = b"\xff\xd8" * 20
    write(f"{data}/images/train/n1.jpg", bytes(broken))
    left_out = []
    for decode in ("exact", "fast"):
        out = tmp_path / decode
        assert pack(data, out, "--decode", decode).returncode == 0
        left_out.append(index_of(out)["left_out"])
    assert left_out[0] == left_out[1]
    assert [(image["path"], image["reasons"][0]["rule"]) for image in left_out[1]] == [
        ("images/train/n0.jpg", "image/truncated"), ("images/train/n1.jpg", "image/corrupt-data")]
