# SPDX-License-Identifier: Apache-2.0
"""yolotrain fit and val on data and weights that are wrong: refused before a run folder is there, or right numbers.

Values of options: test_fit.py. Checkpoints: test_weights.py. A class that never occurs: test_val.py.
"""
import json
import os
import re
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from drawn_dataset import BIN, draw

NAMES = "names: [red, green, blue]\n"


@pytest.fixture
def data(tmp_path):
    return Path(draw(tmp_path / "set", train=8, val=4))


def fit(data, *arguments):
    folder = data.parent.parent
    return subprocess.run(
        [f"{BIN}/yolotrain-fit", "--data", data, "--epochs", "1", "--imgsz", "64", "--batch", "4", "--threads", "1",
         "--workers", "1", "--mosaic", "0", "--project", folder / "runs", *map(str, arguments)],
        capture_output=True, text=True, timeout=200, cwd=folder, env={**os.environ, "XDG_CACHE_HOME": f"{folder}/cache"})


def refused(data, *arguments, code=3):
    result = fit(data, *arguments)
    assert result.returncode == code and result.stdout == "", result.stderr
    assert not (data.parent.parent / "runs").exists()
    return result.stderr


def trained(data, *arguments):
    """What it said, and the last row of results.csv by column."""
    result = fit(data, *arguments)
    assert result.returncode == 0, result.stderr
    header, *_, last = (data.parent.parent / "runs/exp/results.csv").read_text().splitlines()
    return result.stderr, dict(zip((c.strip() for c in header.split(",")), map(float, last.split(","))))


def safetensors(path, header, data_bytes, header_bytes=None):
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if header_bytes is None else header_bytes) + text + bytes(data_bytes))
    return path


def floats(begin, end, *shape):
    return {"dtype": "F32", "shape": list(shape), "data_offsets": [begin, end]}


def hostile(folder):
    conv = floats(0, 1728, 16, 3, 3, 3)
    yield safetensors(folder / "huge.safetensors", {}, 0, 1 << 62), "a header of 4611686018427387904 bytes"
    yield safetensors(folder / "overlap.safetensors", {"model.0.conv.weight": conv, "model.0.bn.bias": floats(4, 68, 16)},
                      1728), "inside the one before"
    yield safetensors(folder / "cut.safetensors", {"model.0.conv.weight": conv}, 1000), "truncated"
    yield safetensors(folder / "v11.safetensors", {"model.0.conv.weight": conv, "model.10.m.0.attn.qkv.conv.weight":
                                                   floats(1728, 1736, 2)}, 1736), "another architecture|no weights of a YOLOv8"


@pytest.mark.parametrize("command", ["fit", "val", "predict", "export"])
def test_hostile_safetensors_are_refused(data, tmp_path, command):
    more = {"fit": ["--data", data, "--project", tmp_path / "runs", "--shards", tmp_path / "shards"],
            "val": ["--data", data], "predict": [data.parent / "images/val"],
            "export": ["--format", "safetensors", "--output", tmp_path / "out"]}[command]
    for weights, words in hostile(tmp_path):
        result = subprocess.run([f"{BIN}/yolotrain-{command}", "--weights", weights, *more], capture_output=True,
                                text=True, timeout=60, cwd=tmp_path)
        assert result.returncode == 3 and result.stdout == "", result.stderr
        assert weights.name in result.stderr and re.search(words, result.stderr), result.stderr
        assert not {"runs", "out"} & {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize("text, words", [
    ("nc: 5\n" + NAMES, "nc: 5 and the 3 names disagree"), ("nc: -1\n", "nc"), ("names: 3\n", "names"),
    ("names: [a, b\n", "data.yaml")])
def test_a_data_yaml_that_contradicts_itself(data, text, words):
    data.write_text("path: .\ntrain: images/train\nval: images/val\n" + text)
    said = refused(data)
    assert words in said and "data.yaml" in said


def test_classes_beyond_the_names_are_left_out_and_said(data):
    data.write_text("path: .\ntrain: images/train\nval: images/val\nnames: [red]\n")
    said, _ = trained(data)
    assert "were left out, such as images/" in said


@pytest.mark.parametrize("how", ["empty folder", "no folder", "not named", "unreadable"])
def test_nothing_to_train_on(data, how):
    train = data.parent / "images/train"
    if how == "not named":
        data.write_text("path: .\nval: images/val\n" + NAMES)
    elif how == "unreadable":
        for image in train.iterdir():
            image.write_bytes(b"no picture")
    else:
        shutil.rmtree(train)
        if how == "empty folder":
            train.mkdir()
    said = refused(data)
    assert "train" in said and re.search("holds no picture|names no train split", said), said


@pytest.mark.parametrize("how", ["empty folder", "unreadable", "no boxes"])
def test_a_val_split_that_measures_nothing_is_said(data, how):
    images = data.parent / "images/val"
    if how == "no boxes":
        shutil.rmtree(data.parent / "labels/val")
    for image in images.iterdir() if how != "no boxes" else ():
        image.write_bytes(b"no picture") if how == "unreadable" else image.unlink()
    said, row = trained(data)
    words = "has no box: every mAP will be 0" if how == "no boxes" else "holds no picture: nothing will be measured"
    assert words in said
    assert row["metrics/mAP50(B)"] == 0 and (row["val/cls_loss"] > 0) == (how == "no boxes")
    # Named, it is asked for: refused before a run folder is there.
    shutil.rmtree(data.parent.parent / "runs")
    if how == "no boxes":
        assert "has no box" in trained(data, "--val-data", data)[0]
    else:
        for named in (data, *(data.parent.parent / "cache/yolodata").iterdir()):
            assert f"the val split of {named} holds no picture" in refused(data, "--val-data", named)


def test_a_val_folder_that_is_named_and_not_there_is_refused(data):
    data.write_text("path: .\ntrain: images/train\nval: images/nowhere\n" + NAMES)
    assert "data.yaml: val: images/nowhere does not exist" in refused(data)
    assert "images/nowhere does not exist" in refused(data, "--val-data", data)
    data.write_text("path: .\ntrain: images/train\n" + NAMES)
    assert "has no val split: nothing will be measured" in trained(data)[0]


def test_a_data_yaml_without_names_and_val_says_both(data):
    data.write_text("path: .\ntrain: images/train\n")
    assert "val: is missing; names: and nc: are both missing" in refused(data)


@pytest.mark.parametrize("labels", ["none", "some"])
def test_batches_without_a_box_have_a_loss_of_classes_alone(data, labels):
    for number, file in enumerate(sorted((data.parent / "labels/train").iterdir())):
        if labels == "none" or number > 0:
            file.unlink()
    said, row = trained(data, "--batch", 1)
    assert ("has no box" in said) == (labels == "none")
    assert 0 < row["train/cls_loss"] < 100 and row["train/dfl_loss"] >= 0
    if labels == "none":
        assert row["train/box_loss"] == row["train/dfl_loss"] == 0
