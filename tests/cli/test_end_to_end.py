# SPDX-License-Identifier: Apache-2.0
"""The whole job on a copy of samples/, by its own Makefile: verify → pack → fit → val → predict."""
import csv
import json
import os
import pathlib
import shutil
import subprocess

import pytest

BIN = pathlib.Path(os.environ["YOLO_BIN"])
SOURCE = pathlib.Path(os.environ["YOLO_SOURCE"])


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    copy = tmp_path_factory.mktemp("end-to-end") / "samples"
    shutil.copytree(SOURCE / "samples", copy, ignore=shutil.ignore_patterns("out"))
    return copy


def make(samples, *arguments):
    return subprocess.run(["make", "-C", samples, f"BIN={BIN}", "OUT=out", "IMGSZ=96", "EPOCHS=3", *arguments],
                          capture_output=True, text=True)


def test_pipeline_then_nothing_to_do_then_only_what_changed(samples):
    first = make(samples)
    assert first.returncode == 0, first.stdout + first.stderr

    out = samples / "out"
    summary = json.loads((out / "verify.json").read_text())["summary"]
    assert (summary["images"], summary["errors"], summary["warnings"]) == (80, 0, 0)

    rows = list(csv.DictReader((out / "runs/exp/results.csv").open()))
    losses = [float(row["train/cls_loss"]) for row in rows]
    assert len(rows) == 3 and losses[2] < losses[0]

    val = json.loads((out / "val.json").read_text())
    assert (val["images"], val["instances"]) == (20, 245)
    predictions = json.loads((out / "predictions.json").read_text())
    assert len(predictions["images"]) == 20
    assert len(list((out / "runs/predict").glob("*.jpg"))) == 20

    again = make(samples)
    assert again.returncode == 0 and "yolotrain" not in again.stdout

    weights = out / "runs/exp/weights/best.safetensors"
    before = weights.stat().st_mtime_ns
    os.utime(samples / "bccd/labels/val" / sorted(os.listdir(samples / "bccd/labels/val"))[0])
    third = make(samples)
    assert third.returncode == 0 and "yolodata verify" in third.stdout
    assert weights.stat().st_mtime_ns > before


def test_bad_data_stops_the_pipeline_before_training(samples):
    label = sorted((samples / "bccd/labels/train").iterdir())[0]
    label.write_text("80 0.5 0.5 1.2 0.1\n")
    broken = make(samples, "OUT=broken")
    assert broken.returncode != 0
    assert not (samples / "broken/shards").exists() and not (samples / "broken/runs").exists()
