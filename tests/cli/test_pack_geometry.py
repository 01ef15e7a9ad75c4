# SPDX-License-Identifier: Apache-2.0
"""Polygons, rotated boxes and key points: what the label files say is what the shards hold."""
import json
import os
import sys

import jsonschema
import numpy as np
import pytest

from drawn_dataset import SOURCE, pixels, png, run, write

sys.path.insert(0, os.path.join(SOURCE, "tests", "vectors", "shards"))
from read_shards import read_split  # noqa: E402

# Key points: two points of three numbers. The second picture has no row.
ROWS = {
    "segment": [[[0, .1, .1, .5, .1, .3, .6], [2, .2, .2, .9, .25, .8, .8, .4, .9, .25, .5]], [], [[1, .5, .5, .75, .5, .5, .75]]],
    "obb": [[[0, .1, .1, .5, .15, .45, .6, .05, .55]], [], [[1, .5, .5, .75, .5, .75, .75, .5, .75], [2, .2, .2, .3, .2, .3, .3, .2, .3]]],
    "pose": [[[0, .5, .5, .25, .5, .5, .5, 2, 0, 0, 0]], [], [[0, .5, .5, .5, .5, .4, .4, 1, .6, .6, 2]]],
}


def schema(name):
    with open(os.path.join(SOURCE, "schemas", name + ".schema.json"), encoding="utf-8") as file:
        return json.load(file)


@pytest.fixture(params=sorted(ROWS))
def task(request):
    return request.param


@pytest.fixture
def data(tmp_path, task):
    folder = tmp_path / "data"
    for number, rows in enumerate(ROWS[task]):
        write(folder / f"images/train/{number}.png", png(pixels(number, 64, 48)))
        write(folder / f"labels/train/{number}.txt", "".join(" ".join(map(str, row)) + "\n" for row in rows))
    shape = "kpt_shape: [2, 3]\n" if task == "pose" else ""
    write(folder / "data.yaml", f"train: images/train\nnames: [a, b, c]\ntask: {task}\n{shape}")
    return folder / "data.yaml"


def test_geometry_is_carried(data, task, tmp_path):
    out = tmp_path / "out"
    done = run("pack", data, out, "--imgsz", 64)
    assert done.returncode == 0, done.stderr
    index = json.loads((out / "index.json").read_text())
    jsonschema.validate(index, schema("index"))
    assert index["task"] == task and index["geometry"] == ("keypoints" if task == "pose" else "polygons")
    assert index.get("kpt_shape") == ([2, 3] if task == "pose" else None)
    for number, record in enumerate(read_split(out, "train")):
        rows = ROWS[task][number]
        answer = json.loads(run("inspect", out, "--record", number, "--format", "json").stdout)
        jsonschema.validate(answer, schema("inspect"))
        assert len(record["boxes"]) == len(answer["boxes"]) == len(rows)
        if not rows:
            assert record["keypoints"] is None and record["polygons"] == [] and "polygons" not in answer
        elif task == "pose":
            assert np.allclose(record["keypoints"], [np.reshape(row[5:], (2, 3)) for row in rows])
            assert np.allclose(answer["keypoints"], record["keypoints"])
        else:
            for row, polygon, printed in zip(rows, record["polygons"], answer["polygons"], strict=True):
                assert np.allclose(polygon, np.reshape(row[1:], (-1, 2))) and np.allclose(printed, polygon)


def test_a_set_of_boxes_is_not_up_to_date_for_another_task(data, task, tmp_path):
    out = tmp_path / "out"
    assert run("pack", data, out, "--imgsz", 64).returncode == 0
    assert "up to date" in run("pack", data, out, "--imgsz", 64, "--if-changed").stdout
    index = json.loads((out / "index.json").read_text())
    del index["geometry"]  # as a version that packed boxes alone left it
    (out / "index.json").write_text(json.dumps(index))
    assert "up to date" not in run("pack", data, out, "--imgsz", 64, "--if-changed").stdout
    assert "geometry" in json.loads((out / "index.json").read_text())
