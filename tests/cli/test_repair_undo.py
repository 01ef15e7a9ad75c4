# SPDX-License-Identifier: Apache-2.0
"""yolodata repair --undo: byte for byte, after kills too, and never over somebody's work."""
import json
import os
import random
import signal
import subprocess
import time

import jsonschema
import pytest

from damaged_dataset import damaged, tree
from small_dataset import BIN, SOURCE, run


@pytest.fixture
def data(tmp_path):
    return damaged(tmp_path / "set", copies=2)


def test_byte_for_byte(data):
    before = tree(data.root.parent / "set")
    run("repair", data.root, "--apply", "--quiet")
    after = tree(data.root)
    assert after != before and set(after) < set(before)
    done = run("repair", data.root, "--undo")
    assert tree(data.root) == before
    assert "12 of 12 changes" in done.stderr
    assert not (data.root.parent / "set.quarantine").exists()
    run("repair", data.root, "--apply", "--quiet")
    assert {p: s[3] for p, s in tree(data.root).items()} == {p: s[3] for p, s in after.items()}


def undo_json(data, *args, code=0):
    done = run("repair", data.root, "--undo", "--format", "json", *args, code=code)
    result = json.loads(done.stdout)
    jsonschema.validate(result, json.loads((SOURCE / "schemas/undo.schema.json").read_text()))
    return result


def test_json_says_what_was_brought_back(data):
    plan = json.loads(run("repair", data.root, "--apply", "--format", "json", "--quiet").stdout)
    result = undo_json(data)
    assert result["summary"] == {"journal": True, "changes": 12, "restored": 12, "stopped": False}
    assert [c["path"] for c in reversed(result["changes"])] == [c["path"] for c in plan["changes"]]
    assert {c["status"] for c in result["changes"]} == {"restored"}
    assert undo_json(data)["summary"] == {"journal": False, "changes": 0, "restored": 0, "stopped": False}


def test_the_old_contents_stand_outside_the_dataset(data, tmp_path):
    before = tree(data.root)
    run("repair", data.root, "--apply", "--quiet", "--quarantine", tmp_path / "deep/kept")
    assert (tmp_path / "deep/kept/yolodata.repair/journal.jsonl").exists()
    assert not (tmp_path / "set.quarantine").exists()
    run("repair", data.root, "--undo", "--quarantine", tmp_path / "deep/kept")
    assert tree(data.root) == before


def test_no_second_repair_over_a_journal(data):
    run("repair", data.root, "--apply", "--quiet")
    data.put("train/new", 77, "9 .5 .5 .4 .4\n")
    kept = tree(data.root.parent)
    done = run("repair", data.root, "--apply", code=2)
    assert "--undo" in done.stderr and tree(data.root.parent) == kept


def test_an_unfinished_repair_has_to_be_undone(data):
    before = tree(data.root)
    run("repair", data.root, "--apply", "--quiet")
    run("repair", data.root, "--apply", "--quiet")  # nothing is left to do
    journal = data.root.parent / "set.quarantine/yolodata.repair/journal.jsonl"
    journal.write_text(journal.read_text().replace('{"done":true}\n', ""))
    assert "--undo" in run("repair", data.root, "--apply", code=2).stderr
    run("repair", data.root, "--undo")
    assert tree(data.root) == before


def test_edited_files_are_not_overwritten(data):
    before = tree(data.root)
    run("repair", data.root, "--apply", "--quiet")
    label = data.root / "labels/train/clip0.txt"
    label.write_text("2 .1 .1 .1 .1\n")
    edited = tree(data.root.parent)
    done = run("repair", data.root, "--undo", code=2)
    assert "labels/train/clip0.txt" in done.stderr and "--force" in done.stderr
    assert tree(data.root.parent) == edited
    run("repair", data.root, "--undo", "--force")
    assert tree(data.root) == before


@pytest.mark.parametrize("what", ["removed", "in the place of a moved one", "damaged in quarantine"])
def test_other_work_is_not_overwritten(data, what):
    run("repair", data.root, "--apply", "--quiet")
    if what == "removed":
        (data.root / "labels/train/clip0.txt").unlink()
    elif what == "damaged in quarantine":
        (data.root.parent / "set.quarantine/labels/train/bad0.txt").write_text("1 .2 .2 .1 .1\n")
    else:
        (data.root / "images/train/bad0.png").write_bytes(b"mine")
    state = tree(data.root.parent)
    run("repair", data.root, "--undo", code=2)
    assert tree(data.root.parent) == state
    run("repair", data.root, "--undo", "--force")


def test_a_damaged_journal(data):
    run("repair", data.root, "--apply", "--quiet")
    journal = data.root.parent / "set.quarantine/yolodata.repair/journal.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    state = tree(data.root)
    for bad in ('{"n":1\n', '{"n":1,"do":"quarantine","path":"../../x","size":1,"mtime_ns":1}\n'):
        journal.write_text(lines[0] + bad + "".join(lines[2:]))
        assert "line 2" in run("repair", data.root, "--undo", code=3).stderr
        assert tree(data.root) == state


def start(*args):
    return subprocess.Popen([BIN / "yolodata-repair", *args, "--quiet"], stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def kill_after(seconds, *args):
    """True if the kill came before the end."""
    process = start(*args)
    time.sleep(seconds)
    process.kill()
    return process.wait() == -signal.SIGKILL


def seconds_of(*args):
    begin = time.monotonic()
    assert start(*args).wait() == 0
    return time.monotonic() - begin


def test_killed_at_any_moment(tmp_path):
    data = damaged(tmp_path / "set", copies=12)
    before = tree(data.root)
    journal = tmp_path / "set.quarantine/yolodata.repair/journal.jsonl"
    apply_seconds = seconds_of(data.root, "--apply")
    undo_seconds = seconds_of(data.root, "--undo")
    assert tree(data.root) == before
    rng, killed, on_the_way = random.Random(20), 0, 0
    for _ in range(30):
        killed += kill_after(rng.uniform(0.2, 1) * apply_seconds, data.root, "--apply")
        state = tree(data.root)
        on_the_way += state != before
        if journal.exists():
            # What stopped on its way has to be undone first; nothing is left to do after a whole repair.
            again = 0 if journal.read_text().endswith('{"done":true}\n') else 2
            run("repair", data.root, "--apply", "--quiet", code=again)
            assert tree(data.root) == state
        for _ in range(2):
            killed += kill_after(rng.uniform(0, 1) * undo_seconds, data.root, "--undo")
        run("repair", data.root, "--undo", "--quiet")
        assert tree(data.root) == before
        assert not (tmp_path / "set.quarantine/yolodata.repair").exists()
    assert killed > 10 and on_the_way > 2  # of 90 and 30; how many depends on what else the machine does


@pytest.mark.parametrize("mode", ["--apply", "--undo"])
def test_a_signal_stops_between_two_files(tmp_path, mode):
    data = damaged(tmp_path / "set", copies=40)
    before = tree(data.root)
    old = tmp_path / "set.quarantine/yolodata.repair/old"
    if mode == "--undo":
        run("repair", data.root, "--apply", "--quiet")
    kept = len(os.listdir(old)) if old.exists() else 0
    process = start(data.root, mode)
    while process.poll() is None and (len(os.listdir(old)) if old.exists() else 0) == kept:
        time.sleep(0.001)
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 143
    assert tree(data.root) != before
    run("repair", data.root, "--undo", "--quiet")
    assert tree(data.root) == before
