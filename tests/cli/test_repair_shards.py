# SPDX-License-Identifier: Apache-2.0
"""yolodata repair on shard sets: a plan, shards rebuilt byte for byte, a set without what is lost."""
import json
import os
import shutil
import signal
import subprocess
import time

import jsonschema
import pytest

from drawn_dataset import BIN, SOURCE, draw, pack_drawn, run, tree


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return pack_drawn(tmp_path_factory.mktemp("shards"))


@pytest.fixture
def copy(whole, tmp_path):
    shutil.copytree(whole, tmp_path / "set")
    return tmp_path / "set"


def overwrite(path, at, data):
    with open(path, "r+b") as file:
        file.seek(at, os.SEEK_END if at < 0 else os.SEEK_SET)
        file.write(data)


def plan(path, *arguments, code=0):
    done = run("repair", path, "--format", "json", *arguments)
    assert done.returncode == code and done.stderr == "", done.stderr
    answer = json.loads(done.stdout)
    with open(os.path.join(SOURCE, "schemas", "repair-shards.schema.json"), encoding="utf-8") as file:
        jsonschema.validate(answer, json.load(file))
    return answer


def test_a_whole_set_needs_nothing(copy):
    before = tree(copy)
    answer = plan(copy, "--apply")
    assert answer["shards"] == [] and answer["summary"]["whole"] == answer["summary"]["shards"]
    assert tree(copy) == before


def test_lost_structure_is_rebuilt_byte_for_byte(copy):
    before = tree(copy)
    overwrite(copy / "train-00000.yds", 0, bytes(4096))
    overwrite(copy / "train-00001.yds", -500, b"\xee" * 500)
    overwrite(copy / "val-00000.yds", -64, b"\xee" * 64)
    harmed = tree(copy)
    answer = plan(copy)
    assert [(s["action"], s["status"]) for s in answer["shards"]] == [("rebuild", "planned")] * 3
    assert tree(copy) == harmed, "a plan changes nothing"
    assert run("verify", copy).returncode == 1
    assert "byte for byte" in run("repair", copy).stdout
    assert [s["status"] for s in plan(copy, "--apply")["shards"]] == ["done"] * 3
    assert tree(copy) == before
    assert run("verify", copy).returncode == 0


def test_lost_records_go_by_out_only(copy, tmp_path):
    overwrite(copy / "val-00000.yds", 4096 + 70, b"\xff\x00\xff")
    harmed = tree(copy)
    answer = plan(copy, "--apply", code=3)
    assert tree(copy) == harmed
    (shard,) = answer["shards"]
    assert shard["action"] == "drop-records" and shard["status"] == "not-done"
    assert shard["lost"][0]["source"] == "images/val/n012.png"
    assert "--out DIR" in run("repair", copy).stdout
    answer = plan(copy, "--out", tmp_path / "new")
    assert answer["shards"][0]["status"] == "done"
    assert run("verify", tmp_path / "new").returncode == 0
    with open(tmp_path / "new" / "index.json", encoding="utf-8") as file:
        index = json.load(file)
    with open(os.path.join(SOURCE, "schemas", "index.schema.json"), encoding="utf-8") as file:
        jsonschema.validate(index, json.load(file))
    assert index["splits"][1]["records"] == 3 and index["left_out"][0]["path"] == "images/val/n012.png"
    assert tree(tmp_path / "new")["train-00000.yds"] == harmed["train-00000.yds"]
    assert run("repair", copy, "--out", tmp_path / "new").returncode == 2


def test_a_signal_stops_it_cleanly(tmp_path):
    data = draw(tmp_path / "data", train=200, val=1)
    assert run("pack", data, tmp_path / "set", "--imgsz", 64, "--shard-size", "64KiB", "--quiet").returncode == 0
    overwrite(tmp_path / "set" / "train-00000.yds", 4096 + 70, b"\xff\x00\xff")
    before, codes = tree(tmp_path / "set"), set()
    for delay in range(12):
        process = subprocess.Popen([os.path.join(BIN, "yolodata-repair"), tmp_path / "set", "--out", tmp_path / "out", "--quiet"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        time.sleep(0.004 * delay + 0.01)
        process.send_signal(signal.SIGINT)
        codes.add(process.wait())
        assert b"terminate" not in process.stderr.read()
        if codes & {0}:
            break
        assert not os.path.exists(tmp_path / "out")
    # -2: before the command had begun to catch signals.
    assert codes <= {0, 130, -2}
    assert tree(tmp_path / "set") == before


def test_wrong_command_lines_and_a_lost_index_json(copy):
    for arguments in (["--undo"], ["--fix", "label/*"], ["--nc", "3"]):
        done = run("repair", copy, *arguments)
        assert done.returncode == 2 and "shard set" in done.stderr
    assert run("repair", copy / "val-00000.yds").returncode == 2
    (copy / "index.json").unlink()
    done = run("repair", copy)
    assert done.returncode == 3 and "index.json" in done.stderr
