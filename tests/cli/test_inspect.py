# SPDX-License-Identifier: Apache-2.0
import json
import os
import shutil
import struct
import subprocess
import sys

import jsonschema
import numpy as np
import pytest

from drawn_dataset import SOURCE, draw, run, tree

VECTORS = os.path.join(SOURCE, "tests", "vectors", "shards")
sys.path.insert(0, VECTORS)
from read_shards import read_split  # noqa: E402

GOLDEN = os.path.join(VECTORS, "v1")


def inspect_json(*arguments):
    done = run("inspect", *arguments, "--format", "json")
    assert done.returncode == 0 and done.stderr == "", done.stderr
    answer = json.loads(done.stdout)
    with open(os.path.join(SOURCE, "schemas", "inspect.schema.json"), encoding="utf-8") as file:
        jsonschema.validate(answer, json.load(file))
    return answer


def test_text_says_what_the_set_holds():
    done = run("inspect", GOLDEN)
    assert done.returncode == 0 and done.stderr == ""
    assert "train: 4 records, 4 rows, 1 backgrounds, 1 left out" in done.stdout
    assert "in all: 5 records, 5 rows" in done.stdout


def test_json_is_the_index_and_totals():
    answer = inspect_json(GOLDEN)
    with open(os.path.join(GOLDEN, "index.json"), encoding="utf-8") as file:
        index = json.load(file)
    for key in index.keys() - {"schema"}:
        assert answer[key] == index[key]
    size = sum(len(content) for name, content in tree(GOLDEN).items() if name.endswith(".yds"))
    assert answer["totals"] == {"records": 5, "rows": 5, "backgrounds": 1, "left_out": 1, "shards": 3, "bytes": size}


@pytest.mark.parametrize("name", ["segment", "obb", "pose2", "pose3"])
def test_the_python_reader_and_inspect_agree_on_geometry(name):
    folder = os.path.join(VECTORS, "v1.1", name)
    for number, record in enumerate(read_split(folder, "train")):
        answer = inspect_json(folder, "--record", number)
        assert answer.get("polygons", []) == [polygon.tolist() for polygon in record["polygons"]]
        points = record["keypoints"]
        assert answer.get("keypoints") == (None if points is None else points.tolist())
    assert number == 2


def test_the_python_reader_and_inspect_agree_on_every_record():
    number = 0
    for split in ("train", "val"):
        for record in read_split(GOLDEN, split):
            answer = inspect_json(GOLDEN, "--record", number)
            assert answer["split"] == split and answer["number"] == number
            assert answer["source"].replace("\\xff", "\udcff").encode(errors="surrogateescape") == record["source"]
            assert (answer["width"], answer["height"], answer["codec"]) == (record["width"], record["height"], record["codec"])
            assert (answer["source_width"], answer["source_height"]) == record["source_size"]
            assert answer["offset"] == record["offset"]
            assert [[b[0], *np.float32(b[1:]).tolist()] for b in answer["boxes"]] == \
                [[int(b["class"]), *b["xywh"].tolist()] for b in record["boxes"]]
            number += 1
    assert number == 5


@pytest.mark.parametrize("io", ["auto", "mmap", "pread", "direct"])
def test_every_way_of_reading_gives_the_same(io):
    for number in (0, 3):
        assert inspect_json(GOLDEN, "--record", number, "--io", io) == inspect_json(GOLDEN, "--record", number)


def test_reading_works_with_little_address_space():
    limited = f"ulimit -v 400000; exec {os.path.join(os.environ.get('YOLO_BIN', 'build/release/bin'), 'yolodata-inspect')} {GOLDEN} --record 0"
    if os.environ.get("YOLO_SANITIZE"):
        pytest.skip("sanitizers need the whole address space")
    done = subprocess.run(["bash", "-c", limited], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "holds" in done.stdout, done.stderr


def test_extracted_pictures_are_the_records(tmp_path):
    # A PNG is lossless: packed again, it gives the same pixels.
    for n in (0, 2):
        path = tmp_path / "data" / "images" / "train" / f"{n}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        assert run("inspect", GOLDEN, "--record", n, "--extract", path).returncode == 0
    (tmp_path / "data" / "data.yaml").write_text("train: images/train\nval: images/train\nnames: [a]\n")
    assert run("pack", tmp_path / "data" / "data.yaml", tmp_path / "out", "--imgsz", 40).returncode == 0
    again = [r["payload"].tobytes() for r in read_split(tmp_path / "out", "train")]
    golden = [r["payload"].tobytes() for r in read_split(GOLDEN, "train")]
    assert again == [golden[0], golden[2]]
    # A JPEG record is written as it is.
    assert run("inspect", GOLDEN, "--record", 3, "--extract", tmp_path / "c.JPG").returncode == 0
    assert (tmp_path / "c.JPG").read_bytes() == golden[3]
    assert run("inspect", GOLDEN, "--record", 0, "--extract", tmp_path / "a.jpeg").returncode == 0
    assert (tmp_path / "a.jpeg").read_bytes()[:3] == b"\xff\xd8\xff"
    assert run("inspect", GOLDEN, "--record", 3, "--extract", tmp_path / "c.png").returncode == 0
    assert (tmp_path / "c.png").read_bytes()[:4] == b"\x89PNG"


def test_a_contact_sheet_shows_pictures_and_boxes(tmp_path):
    data = draw(tmp_path / "data", train=7, val=3)
    assert run("pack", data, tmp_path / "out", "--imgsz", 64, "--quiet").returncode == 0
    for name in ("a.png", "b.png", "c.jpg"):
        assert run("inspect", tmp_path / "out", "--contact-sheet", tmp_path / name).returncode == 0
    sheet = (tmp_path / "a.png").read_bytes()
    assert sheet == (tmp_path / "b.png").read_bytes() and (tmp_path / "c.jpg").read_bytes()[:3] == b"\xff\xd8\xff"
    assert struct.unpack(">II", sheet[16:24]) == (4 * 256, 3 * 272)  # ten cells with captions
    assert run("inspect", tmp_path / "out", "--contact-sheet", tmp_path / "d.png", "--pictures", 3).returncode == 0
    assert struct.unpack(">II", (tmp_path / "d.png").read_bytes()[16:24]) == (2 * 256, 2 * 272)
    # A damaged record is shown as such; the others are there.
    with open(tmp_path / "out" / "train-00000.yds", "r+b") as file:
        file.seek(5000)
        file.write(b"\xff\x00\xff\x00")
    assert run("inspect", tmp_path / "out", "--contact-sheet", tmp_path / "b.png").returncode == 0
    assert (tmp_path / "b.png").read_bytes() != sheet


@pytest.mark.parametrize("arguments, code, word", [
    (["--record", "5"], 2, "holds 5"), (["--record", "-1"], 2, "record"), (["--extract", "a.png"], 2, "--record"),
    (["--record", "0", "--extract", "a.gif"], 2, ".png"), (["--format", "xml"], 2, "xml"), (["--io", "tape"], 2, "tape"),
    (["--contact-sheet", "a.gif"], 2, ".png"), (["--pictures", "3"], 2, "--contact-sheet")])
def test_wrong_command_lines(arguments, code, word):
    done = run("inspect", GOLDEN, *arguments)
    assert done.returncode == code and word in done.stderr and done.stdout == ""


def test_no_set_and_damage_are_named(tmp_path):
    done = run("inspect", tmp_path)
    assert done.returncode == 3 and "no shard set" in done.stderr
    bad = tmp_path / "bad"
    shutil.copytree(GOLDEN, bad)
    shard = bad / "train-00000.yds"
    content = bytearray(shard.read_bytes())
    content[5000] ^= 1  # a pixel of record 0
    shard.write_bytes(content)
    assert run("inspect", bad).returncode == 0  # headers and indices hold
    done = run("inspect", bad, "--record", 0)
    assert done.returncode == 3 and "images/train/a.jpg" in done.stderr and "train-00000.yds" in done.stderr
    shard.write_bytes(content[:-100])
    done = run("inspect", bad)
    assert done.returncode == 3 and "train-00000.yds" in done.stderr
    (bad / "index.json").write_text("{")
    assert run("inspect", bad).returncode == 3


def test_output_file(tmp_path):
    data = draw(tmp_path / "data", train=2, val=1)
    assert run("pack", data, tmp_path / "out", "--imgsz", 64, "--quiet").stdout == ""
    done = run("inspect", tmp_path / "out", "--format", "json", "--output", tmp_path / "a.json")
    assert done.returncode == 0 and done.stdout == ""
    assert json.loads((tmp_path / "a.json").read_text())["totals"]["records"] == 3
