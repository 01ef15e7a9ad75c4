# SPDX-License-Identifier: Apache-2.0
"""yolodata repair: each remedy, the plan, the refusals, and the copy."""
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess

import jsonschema
import pytest

from damaged_dataset import JPEG, age, damaged, tree
from small_dataset import BIN, SHARED, SOURCE, SmallDataset, report, run


@pytest.fixture
def data(tmp_path):
    return damaged(tmp_path / "set")


def plan(path, *args, code=0, **kwargs):
    done = run("repair", path, "--format", "json", "--quiet", *args, code=code, **kwargs)
    result = json.loads(done.stdout)
    jsonschema.validate(result, json.loads((SOURCE / "schemas/repair.schema.json").read_text()))
    return result


def rules_of(path):
    """Of the findings that have a remedy."""
    done = subprocess.run([BIN / "yolodata", "verify", path, "--format", "json"], capture_output=True)
    return {f["rule"] for f in json.loads(done.stdout)["findings"] if f["fix"] != "none"}


def mended(tmp_path, row, *args, name="train/x"):
    """The label that a repair makes of this one."""
    data = SmallDataset(tmp_path / "one")
    data.put(name, 50, row)
    run("repair", data.root, "--apply", *args)
    return (data.root / f"labels/{name}.txt").read_bytes().decode()


@pytest.mark.parametrize("before, after", [
    ("0 0.9 0.5 0.4 0.4\n", "0 0.85 0.5 0.3 0.4\n"),                     # one edge; y and h keep their text
    ("0\t0.9  .50 0.4 0.4000\n", "0\t0.85  .50 0.3 0.4000\n"),           # and so does what lies between
    ("0 0.5 0.5 2.5 1.004\r\n", "0 0.5 0.5 1 1\r\n"),
    ("0 1.3 0.5 0.2 0.2\n1 .5 .5 .4 .4\n", "1 .5 .5 .4 .4\n"),           # nothing of it inside
    ("0 0.1 0.1 0.9 0.1 0.9 1.2\n", "0 0.1 0.1 0.9 0.1 0.9 1\n"),        # a polygon
    ("7 .5 .5 .4 .4\n1 .5 .5 .4 .4\n", "1 .5 .5 .4 .4\n"),               # a class that is not there
    ("1 .5 .5 .4 .4\r\n2 .5 .5 0 .4\r\n", "1 .5 .5 .4 .4\r\n"),          # no size
    ("1 .5 .5 .4 .4\n1 .5 .50 .4 .4", "1 .5 .5 .4 .4\n"),                # twice
    ("1 .5 .5 .4 .4\n \n0 .3 .3 .1 .1\n", "1 .5 .5 .4 .4\n0 .3 .3 .1 .1\n"),
    ("0 .5 .5 .4 nan\n\n1 .5 .5 x .4\n1 .5 .5 .4 .4", "\n1 .5 .5 .4 .4"),
    ("0 1 .5 .2 .4\n0 .95 .5 .1 .4\n", "0 0.95 .5 0.1 .4\n"),            # clipped, it stands twice
    ("\ufeff9 .5 .5 .4 .4\n1 .5 .5 .4 .4\n", "\ufeff1 .5 .5 .4 .4\n"),
])
def test_labels(tmp_path, before, after):
    assert mended(tmp_path, before) == after


def test_pixels_only_on_request(tmp_path):
    row = "0 32 24 16 12\n1 .5 .5 .4 .4\n"
    assert mended(tmp_path, row) == row
    assert mended(tmp_path, row, "--fix", "label/pixel-coordinates") == "0 0.5 0.5 0.25 0.25\n1 .5 .5 .4 .4\n"
    shutil.rmtree(tmp_path / "one.quarantine")
    # What it then has outside is clipped, if that is asked for too.
    assert mended(tmp_path, "0 60 24 16 12\n", "--fix", "label/*") == "0 0.90625 0.5 0.1875 0.25\n"


def test_key_points(tmp_path):
    data = SmallDataset(tmp_path / "set")
    data.config.write_text(data.config.read_text() + "task: pose\nkpt_shape: [2, 3]\n")
    for label in data.root.rglob("*.txt"):
        label.write_text("0 .5 .5 .4 .4 .4 .4 2 .6 .6 1\n")
    data.put("train/x", 50, "0 .9 .5 .4 .4 1.2 .4 2 .6 -.1 0\n")
    run("repair", data.root, "--apply")
    assert (data.root / "labels/train/x.txt").read_text() == "0 0.85 .5 0.3 .4 1 .4 2 .6 0 0\n"


def test_pictures(data):
    run("repair", data.root, "--apply", "--quiet")
    assert (data.root / "images/train/eoi0.jpg").read_bytes() == JPEG
    assert (data.root / "images/train/tail0.jpg").read_bytes() == JPEG


def test_quarantine_keeps_paths(data):
    before = {p: (data.root / p).read_bytes() for p in ("images/train/bad0.png", "labels/train/bad0.txt")}
    run("repair", data.root, "--apply", "--quiet")
    for path, content in before.items():
        assert not (data.root / path).exists()
        assert (data.root.parent / "set.quarantine" / path).read_bytes() == content


def test_a_shared_label_stays_with_the_good_image(tmp_path):
    data = SmallDataset(tmp_path / "set")  # which has a t0.png
    data.write("images/train/t0.jpg", JPEG[:300])
    run("repair", data.root, "--apply", "--quiet")
    assert (data.root / "labels/train/t0.txt").exists()
    assert not (data.root / "images/train/t0.jpg").exists()


def test_rename_on_request(tmp_path):
    data = SmallDataset(tmp_path / "set")
    os.rename(data.root / "images/train/t0.png", data.root / "images/train/t0.jpg")
    data.write("images/train/t1.png", JPEG[:-2])
    age(data.root)
    before = tree(data.root)
    assert plan(data.root, "--fix", "image/missing-eoi")["summary"]["changes"] == 1
    run("repair", data.root, "--apply", "--quiet", "--fix", "image/*")
    assert (data.root / "images/train/t0.png").exists() and not (data.root / "images/train/t0.jpg").exists()
    assert (data.root / "images/train/t1.jpg").read_bytes() == JPEG
    run("repair", data.root, "--undo")
    assert tree(data.root) == before


def test_lists_forget_what_is_moved(tmp_path):
    data = SmallDataset(tmp_path / "set")
    data.write("train.txt", b"./images/train/t0.png\r\n./images/train/t1.png\r\n./images/train/gone.png\r\n")
    data.config.write_text("path: .\ntrain: train.txt\nval: images/val\nnames: [cat, dog, bird]\n")
    data.write("images/train/t1.png", b"nothing")
    run("repair", data.root, "--apply", "--quiet")
    assert (data.root / "train.txt").read_bytes() == b"./images/train/t0.png\r\n"
    assert "image/unreadable" not in rules_of(data.config)


def test_the_plan_changes_nothing(data):
    before = tree(data.root.parent)
    result = plan(data.root)
    text = run("repair", data.config).stdout
    assert tree(data.root.parent) == before
    assert result["mode"] == "plan" and {c["status"] for c in result["changes"]} == {"planned"}
    assert result["summary"]["fixes"] == {"append-eoi": 1, "clip": 1, "cut-tail": 1, "drop-duplicate": 1,
                                          "drop-row": 1, "quarantine": 2}
    assert [c["path"] for c in result["changes"]] == sorted(c["path"] for c in result["changes"])
    drop = next(c for c in result["changes"] if c["path"].endswith("drop0.txt"))
    assert [(f["rule"], f["line"]) for f in drop["findings"]] == [
        ("label/class-out-of-range", 1), ("label/duplicate-row", 3)]
    assert "labels/train/drop0.txt:3" in text and "--apply does it" in text
    assert plan(data.root, "--jobs", "1") == plan(data.root, "--jobs", "7") == result


def test_verify_finds_nothing_more(data):
    result = plan(data.root, "--apply")
    assert {c["status"] for c in result["changes"]} == {"done"}
    assert not rules_of(data.root) & {f["rule"] for c in result["changes"] for f in c["findings"]}
    assert plan(data.root)["changes"] == []


def test_command_line(data):
    run("repair", data.root, "--apply", "--undo", code=2)
    run("repair", data.root, "--force", code=2)
    assert "no rule matches" in run("repair", data.root, "--fix", "label/nonsense", code=2).stderr
    assert "no program can mend" in run("repair", data.root, "--fix", "label/tiny-box", code=2).stderr
    run("repair", data.root / "absent", code=3)
    assert "inside the dataset" in run("repair", data.root, "--apply", "--quarantine", data.root / "q", code=2).stderr
    assert "nothing to undo" in run("repair", data.root, "--undo").stderr


def test_links_are_not_written_through(tmp_path):
    data = SmallDataset(tmp_path / "set")
    outside = tmp_path / "outside"
    (outside / "labels").mkdir(parents=True)
    (outside / "one.txt").write_text("0 0.9 0.5 0.4 0.4\n")
    label = data.root / "labels/train/t0.txt"
    label.unlink()
    label.symlink_to(outside / "one.txt")
    shutil.move(data.root / "labels/val", outside / "labels/val")
    (data.root / "labels/val").symlink_to(outside / "labels/val")
    (outside / "labels/val/v0.txt").write_text("0 0.9 0.5 0.4 0.4\n")
    before = tree(tmp_path)
    result = plan(data.root, "--apply")
    assert tree(tmp_path) == before
    reasons = {left["path"]: left["reason"] for left in result["left"]}
    assert "symbolic link" in reasons["labels/train/t0.txt"]
    assert "outside" in reasons["labels/val/v0.txt"]


def read_only(data):
    """How to run without the right to write there."""
    for folder in [data.root, *(p for p in data.root.rglob("*") if p.is_dir())]:
        folder.chmod(0o555)
    if os.geteuid() != 0:
        return {}
    data.root.parent.chmod(0o777)
    for folder in data.root.parents:
        if not os.stat(folder).st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)
    nobody = {"user": 65534, "group": 65534, "extra_groups": []}
    try:
        subprocess.run([BIN / "yolodata", "verify", "--version"], capture_output=True, check=True, **nobody)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("the executables cannot be run by nobody")
    return nobody


def test_read_only(data, tmp_path):
    who = read_only(data)
    before = tree(data.root)
    done = run("repair", data.root, "--apply", code=3, **who)
    assert "nothing was changed" in done.stderr and "--out" in done.stderr
    assert tree(data.root) == before and not (tmp_path / "set.quarantine").exists()
    run("repair", data.root, "--out", tmp_path / "copy", "--quiet", **who)
    assert tree(data.root) == before
    assert not rules_of(tmp_path / "copy") & {"image/truncated", "label/duplicate-row", "image/missing-eoi"}


def test_no_room_beside_the_dataset(data):
    who = read_only(data)
    for folder in data.root.rglob("*"):
        folder.chmod(0o777)
    data.root.chmod(0o777)
    data.root.parent.chmod(0o555)
    before = tree(data.root)
    done = run("repair", data.root, "--apply", code=3, **who)
    assert "--quarantine" in done.stderr and tree(data.root) == before
    data.root.parent.chmod(0o777)


def test_out_makes_hard_links(data, tmp_path):
    before = tree(data.root)
    result = plan(data.root, "--out", tmp_path / "copy")
    copy = tmp_path / "copy"
    assert result["mode"] == "out" and tree(data.root) == before
    assert os.path.samefile(copy / "images/train/t0.png", data.root / "images/train/t0.png")
    assert os.path.samefile(copy / "data.yaml", data.config)
    assert not os.path.samefile(copy / "labels/train/clip0.txt", data.root / "labels/train/clip0.txt")
    assert not (copy / "images/train/bad0.png").exists() and not (copy / "labels/train/bad0.txt").exists()
    assert plan(copy)["changes"] == [] and not (tmp_path / "set.quarantine").exists()
    assert report(copy)["summary"]["images"] == report(data.root, code=1)["summary"]["images"] - 1
    run("repair", data.root, "--out", copy, code=2)
    run("repair", data.root, "--out", data.root / "copy", code=2)


def test_two_files_do_not_become_one(tmp_path):
    data = SmallDataset(tmp_path / "set")
    data.write("images/train/a.jpg", (data.root / "images/train/t0.png").read_bytes())
    data.write("images/train/a.bmp", (data.root / "images/train/t1.png").read_bytes())
    before = tree(data.root)
    for how in (["--apply"], ["--out", tmp_path / "copy"]):
        done = run("repair", data.root, "--fix", "image/format-mismatch", "--quiet", *how, code=3)
        assert "a.png is there already" in done.stderr
        root = data.root if how == ["--apply"] else tmp_path / "copy"
        assert len(list((root / "images/train").glob("a.*"))) == 2
        if how == ["--apply"]:
            run("repair", data.root, "--undo")
            assert tree(data.root) == before


def test_a_copy_names_itself(data, tmp_path):
    (data.root / "val.txt").write_text(f"{data.root}/images/val/v0.png\n")
    data.config.write_text(f"# mine\npath: {data.root}\ntrain: {data.root}/images/train\nval: val.txt\nnames: [cat, dog, bird]\n")
    run("repair", data.config, "--out", tmp_path / "copy", "--quiet")
    shutil.rmtree(data.root)
    assert report(tmp_path / "copy")["summary"]["images"] == 11
    assert (tmp_path / "copy/data.yaml").read_text().startswith("# mine\npath: .\ntrain: images/train\n")


def test_a_disk_that_is_full(data):
    def little_room():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))
    before = tree(data.root)
    done = run("repair", data.root, "--apply", "--quiet", code=3, preexec_fn=little_room)
    assert "eoi0.jpg" in done.stderr or "yolodata-repair" in done.stderr
    assert "--undo" in done.stderr
    run("repair", data.root, "--undo")
    assert tree(data.root) == before


@pytest.mark.skipif(not (SHARED / "corpus/cases").is_dir(), reason="the corpus is not here")
def test_corpus(tmp_path):
    shutil.copytree(SHARED / "corpus", tmp_path / "corpus", symlinks=True)
    subprocess.run(["chmod", "-R", "u+w", tmp_path / "corpus"], check=True)
    subprocess.run(["sh", tmp_path / "corpus/make_special.sh", tmp_path / "corpus"], check=True, capture_output=True)
    seen = 0
    for case in sorted((tmp_path / "corpus/cases").iterdir()):
        config = case / "data.yaml" if (case / "data.yaml").exists() else case
        if subprocess.run([BIN / "yolodata", "repair", config], capture_output=True).returncode != 0:
            continue  # a data.yaml that does not parse
        before = tree(case)
        result = plan(config, "--apply")
        rules = {f["rule"] for c in result["changes"] for f in c["findings"]} - {m["rule"] for m in result["left"]}
        seen += len(rules)
        assert not rules & rules_of(config), case.name
        run("repair", config, "--undo", "--quiet")
        assert tree(case) == before, case.name
        assert not pathlib.Path(f"{case}.quarantine").exists()
    assert seen > 25
