# SPDX-License-Identifier: Apache-2.0
"""pack --variants: augmented pictures, the same bytes for any number of threads."""
import json
import os
import shutil
import sys

import jsonschema
import numpy as np
import pytest

from drawn_dataset import SOURCE, draw, run, tree, write
from test_pack_geometry import ROWS, data, schema, task  # noqa: F401  (fixtures)

sys.path.insert(0, os.path.join(SOURCE, "tests", "vectors", "shards"))
from read_shards import read_split  # noqa: E402

ALL = {"degrees": 20, "shear": 5, "perspective": 0.0003, "flipud": 0.3, "mosaic": 0.7, "mosaic9": 0.5, "mixup": 0.3,
       "cutmix": 0.5, "copy_paste": 0.5, "blur": 0.3, "gray": 0.2, "clahe": 0.3}


def augment_file(folder, content=ALL):
    write(folder / "augment.json", json.dumps(content))
    return folder / "augment.json"


def test_k_pictures_of_each_image(tmp_path):
    out = tmp_path / "out"
    done = run("pack", draw(tmp_path / "data"), out, "--imgsz", 64, "--variants", 3, "--seed", 7)
    assert done.returncode == 0, done.stderr
    assert "train: 21 pictures" in done.stdout
    index = json.loads((out / "index.json").read_text())
    jsonschema.validate(index, schema("index"))
    assert index["options"]["variants"] == 3 and index["augment"]["mosaic"] == 1 and index["augment"]["batch"] == 16
    assert sorted(os.listdir(out)) == ["index.json", "train-00000.yds", "val-00000.yds"]
    records = list(read_split(out, "train"))
    assert {(r["width"], r["height"]) for r in records} == {(64, 64)}
    names = sorted(r["source"] for r in records[:7])
    assert len(set(names)) == 7  # a variant shows each image once
    assert names == sorted(r["source"] for r in records[7:14])
    assert not np.array_equal(records[0]["payload"], records[7]["payload"])
    answer = json.loads(run("inspect", out, "--record", 8, "--format", "json").stdout)
    jsonschema.validate(answer, schema("inspect"))
    assert answer["variant"] == 2


def measured_dataset(folder):
    """Splits train, val and test, each with a JPEG of 640 px; in the latter two a broken picture."""
    data = draw(folder, train=5, val=3)
    bccd = os.path.join(SOURCE, "samples", "bccd", "images", "train")
    for split, name in (("train", "BloodImage_00001"), ("val", "BloodImage_00005")):
        shutil.copy(os.path.join(bccd, name + ".jpg"), folder / "images" / split / (name + ".jpg"))
    write(folder / "images" / "val" / "n006x.png", b"\x89PNG\r\n\x1a\nbroken")
    shutil.copytree(folder / "images" / "val", folder / "images" / "test")
    with open(data, "a") as file:
        file.write("test: images/test\n")
    return data


@pytest.mark.parametrize("options", [["--codec", "raw"], ["--codec", "jpeg", "--quality", "80"],
                                     ["--codec", "jpeg", "--decode", "fast"]], ids=["raw", "jpeg", "fast"])
def test_val_and_test_are_packed_as_they_are(tmp_path, options):
    source, out = measured_dataset(tmp_path / "data"), tmp_path / "out"
    options += ["--imgsz", 640, "--shard-size", "2MiB", "--seed", 3]
    done = run("pack", source, out, *options, "--variants", 2)
    assert done.returncode == 0, done.stderr
    for line in ("train: 12 pictures", "val: 4 images", "test: 4 images", "left out: 2 images"):
        assert line in done.stdout, done.stdout
    assert run("pack", source, tmp_path / "plain", *options).returncode == 0
    assert run("pack", source, tmp_path / "train", *options, "--variants", 2, "--split", "train").returncode == 0
    sets = {name: tree(tmp_path / name) for name in ("out", "plain", "train")}
    index, plain, train = (json.loads(sets[name].pop("index.json")) for name in ("out", "plain", "train"))
    jsonschema.validate(index, schema("index"))
    measured = {name: data for name, data in sets["plain"].items() if "train" not in name}
    assert len(measured) >= 2 and sets["out"] == {**measured, **sets["train"]}
    assert "raw" not in options or "val-00001.yds" in sets["out"]
    assert index["splits"] == [train["splits"][0], *({**split, "variants": 0} for split in plain["splits"][1:])]
    assert index["left_out"] == plain["left_out"] and "variants" not in train["splits"][0]
    assert index["source_digest"] == plain["source_digest"]
    payloads = {r["source"].decode(): bytes(r["payload"]) for r in read_split(out, "val")}
    assert "raw" in options or payloads["images/val/BloodImage_00005.jpg"] == \
        (tmp_path / "data" / "images" / "val" / "BloodImage_00005.jpg").read_bytes()
    assert run("verify", out).returncode == 0
    said = run("inspect", out).stdout
    assert "train: 12 records, 2 variants of each image" in said and "val: 4 records, " in said, said


def test_variants_of_measuring_splits_alone_are_refused(tmp_path):
    source = draw(tmp_path / "data")
    done = run("pack", source, tmp_path / "out", "--variants", 2, "--split", "val")
    assert done.returncode == 2 and "no variants are made of val" in done.stderr and "pack train beside" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_set_with_variants_of_val_is_not_up_to_date(tmp_path):
    """Earlier versions made them, of every split."""
    source, out = draw(tmp_path / "data"), tmp_path / "out"
    options = ["--imgsz", 64, "--variants", 2, "--if-changed"]
    assert run("pack", source, out, *options).returncode == 0
    text = (out / "index.json").read_text()
    index = json.loads(text)
    assert index["splits"][1].pop("variants") == 0
    write(out / "index.json", json.dumps(index))
    assert "up to date" not in run("pack", source, out, *options).stdout
    assert (out / "index.json").read_text() == text
    assert "up to date" in run("pack", source, out, *options).stdout


@pytest.mark.parametrize("codec", ["raw", "jpeg"])
def test_same_bytes_for_any_number_of_threads(tmp_path, codec):
    source = draw(tmp_path / "data", train=30, val=4)
    options = ["--imgsz", 64, "--codec", codec, "--variants", 2, "--augment", augment_file(tmp_path), "--shard-size", "200KiB"]
    assert run("pack", source, tmp_path / "1", *options, "--jobs", 1).returncode == 0
    first = tree(tmp_path / "1")
    assert len(first) > 3
    for jobs, memory in ((3, "1GiB"), (8, "1MiB")):
        out = tmp_path / f"{jobs}"
        assert run("pack", source, out, *options, "--jobs", jobs, "--max-memory", memory).returncode == 0
        assert tree(out) == first
    assert run("pack", source, tmp_path / "seed", *options, "--seed", 1).returncode == 0
    assert tree(tmp_path / "seed")["train-00000.yds"] != first["train-00000.yds"]


def test_up_to_date_means_the_same_augmentation(tmp_path):
    source, out = draw(tmp_path / "data"), tmp_path / "out"
    options = ["--imgsz", 64, "--variants", 1, "--if-changed", "--augment"]
    assert run("pack", source, out, *options, augment_file(tmp_path)).returncode == 0
    assert "up to date" in run("pack", source, out, *options, augment_file(tmp_path)).stdout
    assert "up to date" not in run("pack", source, out, *options, augment_file(tmp_path, {**ALL, "shear": 6})).stdout


def test_geometry_is_augmented_too(data, task, tmp_path):  # noqa: F811
    out = tmp_path / "out"
    for kind in ("images", "labels"):
        shutil.copytree(data.parent / kind / "train", data.parent / kind / "val")
    write(data, data.read_text() + "val: images/val\n")
    done = run("pack", data, out, "--imgsz", 64, "--variants", 8, "--augment", augment_file(tmp_path))
    assert done.returncode == 0, done.stderr
    assert run("pack", data, tmp_path / "plain", "--imgsz", 64, "--split", "val").returncode == 0
    assert (out / "val-00000.yds").read_bytes() == (tmp_path / "plain" / "val-00000.yds").read_bytes()
    assert ("never mirrored" in done.stdout) == (task == "pose")
    rows = 0
    for record in read_split(out, "train"):
        rows += len(record["boxes"])
        for box, polygon in zip(record["boxes"], record["polygons"]):
            assert task != "obb" or len(polygon) == 4
            low, high = polygon.min(axis=0), polygon.max(axis=0)
            if task == "segment":
                assert np.allclose(box["xywh"][:2], (low + high) / 2, atol=1e-5) and low.min() > -1e-6 and high.max() < 1 + 1e-6
        if task == "pose" and len(record["boxes"]):
            points = record["keypoints"]
            assert points.shape[1:] == (2, 3) and points.min() >= 0 and points[..., :2].max() <= 1
            assert (points[points[..., 2] == 0] == 0).all()
    assert rows > 10


def test_augment_schema_and_reader_agree(tmp_path):
    properties = schema("augment")["properties"]
    jsonschema.validate(ALL, schema("augment"))
    out = tmp_path / "out"
    assert run("pack", draw(tmp_path / "data"), out, "--imgsz", 64, "--variants", 1).returncode == 0
    defaults = json.loads((out / "index.json").read_text())["augment"]
    assert {key: value["default"] for key, value in properties.items() if "default" in value} == \
        {key: value for key, value in defaults.items() if key != "batch"}


@pytest.mark.parametrize("text,expected", [
    ("degres: 10", "augment.yaml:1: there is no augmentation 'degres'; did you mean 'degrees'?"),
    ("mosaic: 1\nscale: 1.5", "augment.yaml:2: scale = 1.5 is not within 0…0.99"),
    ("mixup: often", "mixup must be a number"), ("blur: nan", "blur"), ("- 1", "expected a table"),
    ("flip_idx: [0, 0]", "each key point once"), ("flip_idx: [0.5, 1.5]", "each key point once"),
    ("flip_idx: [1e300, 0]", "each key point once"), ("flip_idx: [nan, 0]", "flip_idx"), ("flip_idx: 1", "each key point once"),
    ("mosaic: 1\nmosaic: 0", "mosaic stands twice"),
])
def test_a_bad_augment_file_is_refused(tmp_path, text, expected):
    write(tmp_path / "augment.yaml", text)
    done = run("pack", draw(tmp_path / "data"), tmp_path / "out", "--variants", 1, "--augment", tmp_path / "augment.yaml")
    assert done.returncode == 2 and expected in done.stderr, done.stderr
    assert not (tmp_path / "out").exists()


def test_what_does_not_fit_is_refused(tmp_path):
    source = draw(tmp_path / "data")
    done = run("pack", source, tmp_path / "out", "--augment", augment_file(tmp_path))
    assert done.returncode == 2 and "--variants" in done.stderr
    done = run("pack", source, tmp_path / "out", "--variants", 1, "--augment", augment_file(tmp_path, {"flip_idx": [1, 0]}))
    assert done.returncode == 2 and "flip_idx lists 2 key points" in done.stderr
