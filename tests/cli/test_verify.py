# SPDX-License-Identifier: Apache-2.0
"""yolodata verify: reports, exit codes, limits."""
import json
import os
import shutil
import signal
import subprocess
import time

import jsonschema
import pytest

from small_dataset import BIN, SHARED, SOURCE, SmallDataset, brief, plain_build_only, png, report, run, snapshot

# Rules of later issues speak of coco128 as it is; the others must find nothing there.
LATER_RULES = ("label/tiny-box", "dataset/identical-splits", "dataset/class-imbalance", "dataset/unused-class",
               "label/box-outside-image")


@pytest.fixture
def data(tmp_path):
    return SmallDataset(tmp_path / "set")


def schema():
    return json.loads((SOURCE / "schemas/report.schema.json").read_text())


def hard(findings):
    return [f for f in brief(findings) if f[1] != "info" and f[0] not in LATER_RULES]


def test_a_clean_set(data):
    before = snapshot(data.root)
    result = report(data.config)
    jsonschema.validate(result, schema())
    summary = result["summary"]
    assert (summary["images"], summary["labels"], summary["rows"], summary["backgrounds"]) == (8, 8, 8, 0)
    assert (summary["errors"], summary["warnings"], summary["unusable_images"]) == (0, 0, 0)
    assert result["dataset"]["names"] == ["cat", "dog", "bird"]
    assert result["dataset"]["config"] == "data.yaml" and result["dataset"]["task"] == "detect"
    assert result["findings"] == []
    assert summary["bytes"] == sum(state[1] for state in before.values())
    assert snapshot(data.root) == before, "verify wrote into the dataset"


def test_one_truncated_image_one_bad_row_one_orphan(data):
    data.write("images/train/t1.png", png(1)[:5000])
    data.write("labels/train/t2.txt", b"2 0.5 0.5 0.4 0.4\n80 0.5 0.5 1.2 0.1\n")
    data.write("labels/val/lost.txt", b"0 0.5 0.5 0.4 0.4\n")
    result = report(data.config, code=1)
    jsonschema.validate(result, schema())
    assert brief(result["findings"]) == [
        ("image/truncated", "error", "images/train/t1.png", None, None),
        ("label/class-out-of-range", "error", "labels/train/t2.txt", 2, 1),
        ("label/out-of-range", "error", "labels/train/t2.txt", 2, 4),
        ("label/orphan", "warning", "labels/val/lost.txt", None, None),
    ]
    bad_row = result["findings"][2]
    assert bad_row["image"] == "images/train/t2.png" and bad_row["split"] == "train"
    assert bad_row["ultralytics"] == "drops-image" and bad_row["fix"] == "clip"
    assert "1.2" in bad_row["message"]
    assert result["summary"]["unusable_images"] == 2
    assert result["summary"]["rules"] == {"image/truncated": 1, "label/class-out-of-range": 1, "label/orphan": 1,
                                          "label/out-of-range": 1}


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data sets are not here")
def test_coco128(tmp_path):
    result = report(SHARED / "data/coco128/data.yaml")
    summary = result["summary"]
    assert (summary["images"], summary["labels"], summary["rows"], summary["backgrounds"]) == (128, 126, 929, 2)
    assert summary["errors"] == 0
    orphans = [("label/orphan", "warning", f"labels/train2017/000000000{n}.txt", None, None) for n in (656, 659)]
    assert hard(result["findings"]) == orphans

    copy = tmp_path / "coco128"
    shutil.copytree(SHARED / "data/coco128", copy)
    subprocess.run(["chmod", "-R", "u+w", copy], check=True)
    image = copy / "images/train2017/000000000009.jpg"
    image.write_bytes(image.read_bytes()[:image.stat().st_size // 2])
    label = copy / "labels/train2017/000000000025.txt"
    label.write_text(label.read_text().rstrip("\n") + "\n80 0.5 0.5 1.2 0.1\n")
    row = len(label.read_text().splitlines())
    (copy / "labels/train2017/none.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    result = report(copy / "data.yaml", code=1)
    assert hard(result["findings"]) == [
        ("image/truncated", "error", "images/train2017/000000000009.jpg", None, None),
        ("label/class-out-of-range", "error", "labels/train2017/000000000025.txt", row, 1),
        ("label/out-of-range", "error", "labels/train2017/000000000025.txt", row, 4),
        *orphans,
        ("label/orphan", "warning", "labels/train2017/none.txt", None, None),
    ]


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data sets are not here")
def test_bccd_has_two_boxes_without_area():
    errors = [f for f in brief(report(SHARED / "data/bccd", code=1)["findings"]) if f[1] == "error"]
    assert errors == [("label/not-positive-size", "error", "labels/train/BloodImage_00343.txt", 4, 4),
                      ("label/not-positive-size", "error", "labels/val/BloodImage_00338.txt", 13, 4)]


def test_samples_are_clean():
    assert hard(report(SOURCE / "samples/bccd/data.yaml", "--fail-on", "warning")["findings"]) == []


def test_the_report_does_not_depend_on_the_jobs(data):
    for i in range(40):
        data.put(f"train/x{i}", 200 + i, "0 0.5 0.5 0.4 1.4\n" * (i % 3))
    texts = set()
    for jobs in "1", "2", "7":
        result = report(data.config, "--jobs", jobs, code=1)
        for field in "seconds", "images_per_second", "peak_memory_bytes":
            del result["summary"][field]
        texts.add(json.dumps(result))
    assert len(texts) == 1


def test_text_report(data):
    data.write("labels/train/t2.txt", b"dog 0.5 0.5 0.4 0.4\n" * 20)
    done = run("verify", data.root, code=1)
    assert "error label/not-a-number (20)" in done.stdout
    assert "labels/train/t2.txt:1:1: \"dog\" is no number" in done.stdout
    assert "… and 15 more" in done.stdout
    assert "8 images, 8 labels with 27 rows, 0 backgrounds; 1 image that Ultralytics would drop" in done.stdout
    assert done.stdout.endswith("20 errors, 0 warnings, 0 infos\n")
    assert "\x1b" not in done.stdout and done.stderr == ""


def test_fail_on(data):
    data.write("labels/val/lost.txt", b"0 0.5 0.5 0.4 0.4\n")
    data.write("images/val/bg.png", png(50))
    for level, code in ("error", 0), ("warning", 1), ("info", 1), ("never", 0):
        run("verify", data.root, "--fail-on", level, code=code)
    run("verify", data.root, "--fail-on", "warning", "--skip", "label/orphan", code=0)
    data.write("labels/val/v0.txt", b"x")
    run("verify", data.root, code=1)
    run("verify", data.root, "--fail-on", "never", code=0)


def test_only_and_skip(data):
    data.write("labels/val/lost.txt", b"0 0.5 0.5 0.4 0.4\n")
    data.write("labels/val/v0.txt", b"x 0.5 0.5 0.4 1.4\n")
    data.write("images/val/v1.png", b"")

    def rules(*args):
        return {f[0] for f in brief(report(data.root, "--fail-on", "never", *args)["findings"])}

    assert rules("--only", "label/*") == {"label/orphan", "label/not-a-number", "label/out-of-range"}
    assert rules("--skip", "label/o*,image/empty", "--skip", "dataset/*") == {"label/not-a-number"}
    assert "label/nonsense" in run("verify", data.root, "--only", "label/nonsense", code=2).stderr


def test_output_and_list_bad(data, tmp_path):
    data.write("labels/val/v0.txt", b"x")
    out, bad = tmp_path / "report.json", tmp_path / "bad"
    done = run("verify", data.root, "--format", "json", "--output", out, "--list-bad", bad, code=1)
    assert done.stdout == "" and done.stderr == ""
    jsonschema.validate(json.loads(out.read_text()), schema())
    picture = str((data.root / "images/val/v0.png").resolve())
    assert bad.read_text() == picture + "\n"
    run("verify", data.root, "--list-bad", bad, "-0", code=1)
    assert bad.read_text() == picture + "\0"
    assert "/absent/" in run("verify", data.root, "--output", tmp_path / "absent/r.json", code=3).stderr
    assert list(tmp_path.glob(".*")) == []


def test_full_disk_and_closed_pipe(data):
    with open("/dev/full", "w") as full:
        done = subprocess.run([BIN / "yolodata", "verify", data.root], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 3 and "stdout" in done.stderr
    for i in range(3000):
        data.write(f"labels/val/lost{i}.txt", b"0 0.5 0.5 0.4 0.4\n")
    done = subprocess.run(f"set -o pipefail; '{BIN}/yolodata' verify '{data.root}' --format json | head -c 10",
                          shell=True, executable="/bin/bash", capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_wrong_command_lines(data, tmp_path):
    assert "did you mean" in run("verify", data.root, "--formt", "json", code=2).stderr
    run("verify", data.root, "--format", "yaml", code=2)
    run("verify", data.root, "--jobs", "0", code=2)
    run("verify", code=2)
    run("verify", data.root, "--nc", "2", "--names", "a,b,c", code=2)
    run("verify", data.root, "--task", "pose", code=2)
    assert "absent" in run("verify", tmp_path / "absent", code=3).stderr
    (tmp_path / "empty").mkdir()
    assert "data.yaml" in run("verify", tmp_path / "empty", code=3).stderr


def test_nc_names_imgsz_and_pixels(data):
    assert hard(report(data.root, "--nc", "2", code=1)["findings"])[0][0] == "label/class-out-of-range"
    assert report(data.root, "--names", "a,b,c")["dataset"]["names"] == ["a", "b", "c"]
    assert {f[0] for f in brief(report(data.root, "--max-pixels", "100", code=1)["findings"])} >= {"image/too-large"}
    data.write("labels/train/t0.txt", b"0 0.5 0.5 0.004 0.4\n")
    assert report(data.root)["findings"] == []
    assert brief(report(data.root, "--imgsz", "320")["findings"]) == [
        ("label/tiny-box", "warning", "labels/train/t0.txt", 1, 4)]


def test_manifest(data, tmp_path):
    run("checksum", data.root)
    clean = report(data.root)
    assert clean["findings"] == []
    manifest = json.loads((data.root / "yolodata.sha256.json").read_text())
    assert clean["dataset"]["digest"] == manifest["digest"]
    label = data.root / "labels/train/t0.txt"
    stat = label.stat()
    label.write_bytes(label.read_bytes().replace(b"0.4", b"0.3"))
    os.utime(label, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert brief(report(data.root, code=1)["findings"]) == [("checksum/bit-rot", "error", "labels/train/t0.txt", None, None)]
    (data.root / "yolodata.sha256.json").write_text("{}")
    assert brief(report(data.root, code=1)["findings"])[0][:2] == ("checksum/manifest-invalid", "error")
    run("verify", data.root, "--manifest", tmp_path / "absent.json", code=3)


def test_a_config_that_does_not_parse(data):
    data.config.write_text("names: [a\n")
    result = report(data.root, code=1)
    jsonschema.validate(result, schema())
    assert brief(result["findings"]) == [("dataset/config-invalid", "error", "data.yaml", None, None)]


def test_special_files_and_odd_names(data):
    os.mkfifo(data.root / "images/train/fifo.png")
    os.mkfifo(data.root / "labels/train/t0.txt.tmp")
    (data.root / "images/train/folder.png").mkdir()
    os.symlink("nowhere.png", data.root / "images/train/dangling.png")
    os.symlink("loop.png", data.root / "images/train/loop.png")
    os.symlink("..", data.root / "images/train/up")
    data.write(b"images/val/\xff\n.png", png(7))
    data.write(b"labels/val/\xff\n.txt", b"x\n")
    result = report(data.root, code=1, timeout=30)
    jsonschema.validate(result, schema())
    found = brief(result["findings"])
    for name in "fifo", "folder", "dangling", "loop":
        assert ("image/unreadable", "error", f"images/train/{name}.png", None, None) in found
    odd = next(f for f in result["findings"] if f["rule"] == "label/not-a-number")
    assert odd["path"] == "labels/val/\\xff\n.txt" and odd["path_escaped"] is True
    assert "labels/val/\\xff\\n.txt:1:1" in run("verify", data.root, code=1).stdout


@plain_build_only
def test_huge_labels_are_bounded(data):
    with open(data.root / "labels/train/t0.txt", "wb") as label:
        label.truncate(1 << 30)
    with open(data.root / "labels/train/t1.txt", "wb") as label:
        label.write(b"0 " * (7 << 20))
    done = subprocess.run(["/bin/bash", "-c", f"ulimit -v 2000000; exec '{BIN}/yolodata' verify '{data.root}' --format json"],
                          capture_output=True, text=True, timeout=400)
    assert done.returncode == 1, done.stderr
    result = json.loads(done.stdout)
    assert [f[:3] for f in hard(result["findings"])] == [
        ("label/unreadable", "error", "labels/train/t0.txt"),
        ("label/odd-polygon", "error", "labels/train/t1.txt")]
    assert result["summary"]["peak_memory_bytes"] < 400e6


def test_interrupt(data):
    large = png(1, 1280, 960)
    for i in range(300):
        data.write(f"images/train/n{i}.png", large)
    process = subprocess.Popen([BIN / "yolodata-verify", data.root, "--jobs", "1"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    time.sleep(0.4)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130 and out == "", (process.returncode, out, err)


def test_help_and_version():
    for words in (("verify", "--help"), ("checksum", "--help")):
        assert "Usage" in run(*words).stdout
    assert "OpenSSL" in run("verify", "--version").stdout
