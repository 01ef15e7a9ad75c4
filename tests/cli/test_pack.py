# SPDX-License-Identifier: Apache-2.0
import fcntl
import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time

import jsonschema
import numpy as np
import pytest

from drawn_dataset import BIN, SOURCE, draw, pixels, png, rows_of, run, size_of, tree, write

sys.path.insert(0, os.path.join(SOURCE, "tests", "vectors", "shards"))
from read_shards import read_split  # noqa: E402


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def index_of(out):
    return load(out / "index.json")


@pytest.fixture
def data(tmp_path):
    return draw(tmp_path / "data")


def test_what_is_packed_is_what_was_there(data, tmp_path):
    out = tmp_path / "out"
    done = run("pack", data, out, "--imgsz", 64)
    assert done.returncode == 0 and done.stderr == ""
    assert "train: 7 images, 9 rows, 2 backgrounds, 0 left out" in done.stdout
    number = 0
    for split, count in (("train", 7), ("val", 3)):
        records = list(read_split(out, split))
        assert len(records) == count
        for record in records:
            assert record["source"].decode() == f"images/{split}/n{number:03}.png"
            assert np.array_equal(record["payload"], pixels(number, *size_of(number)))
            boxes = [(int(box["class"]), *map(float, box["xywh"])) for box in record["boxes"]]
            assert np.allclose(boxes, rows_of(number) if number % 4 else [], atol=1e-7)
            assert record["source_size"] == size_of(number)
            number += 1


def test_index_describes_the_shards(data, tmp_path):
    out = tmp_path / "out"
    run("pack", data, out, "--imgsz", 64, "--seed", 5)
    index = index_of(out)
    jsonschema.validate(index, load(os.path.join(SOURCE, "schemas", "index.schema.json")))
    assert index["names"] == ["red", "green", "blue"] and index["imgsz"] == 64 and index["seed"] == 5
    assert [(s["name"], s["records"]) for s in index["splits"]] == [("train", 7), ("val", 3)]
    lines = b""
    for shard in index["shards"]:
        content = (out / shard["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == shard["sha256"] and len(content) == shard["bytes"]
        lines += shard["file"].encode() + b"\0" + shard["sha256"].encode() + b"\n"
    assert index["digest"] == "sha256:" + hashlib.sha256(lines).hexdigest()
    files = {k: v for k, v in tree(os.path.dirname(data)).items()}
    listing = b"".join(k.encode() + b"\0" + hashlib.sha256(files[k]).hexdigest().encode() + b"\n" for k in sorted(files))
    assert index["source_digest"] == "sha256:" + hashlib.sha256(listing).hexdigest()


@pytest.mark.parametrize("codec", ["raw", "jpeg"])
def test_same_bytes_for_any_number_of_threads(tmp_path, codec):
    data = draw(tmp_path / "data", train=40, val=9)
    options = ["--imgsz", 96, "--codec", codec, "--shard-size", "200KiB"]
    assert run("pack", data, tmp_path / "1", *options, "--jobs", 1).returncode == 0
    first = tree(tmp_path / "1")
    assert len(first) > 2
    for jobs, memory in ((2, "1GiB"), (4, "1MiB"), (16, "100KiB")):
        done = run("pack", data, tmp_path / str(jobs), *options, "--jobs", jobs, "--max-memory", memory)
        assert done.returncode == 0 and done.stderr == ""
        assert tree(tmp_path / str(jobs)) == first


def test_nothing_of_this_machine_stands_in_the_files(tmp_path):
    secret = tmp_path / "home" / "alice"
    draw(secret / "data", train=4, val=2)
    shutil.move(secret / "data" / "images" / "val", secret / "elsewhere" / "images" / "val")
    shutil.move(secret / "data" / "labels" / "val", secret / "elsewhere" / "labels" / "val")
    data = secret / "data" / "data.yaml"
    write(str(data), f"path: {secret}/data\ntrain: images/train\nval: {secret}/elsewhere/images/val\nnames: [r, g, b]\n")
    out = tmp_path / "out"
    assert run("pack", data, out, "--imgsz", 64).returncode == 0
    for name, content in tree(out).items():
        assert b"alice" not in content and str(tmp_path).encode() not in content, name
    assert [r["source"] for r in read_split(out, "val")] == [b"outside/n004.png", b"outside/n005.png"]


def test_a_set_is_refused_replaced_or_kept(data, tmp_path):
    out = tmp_path / "out"
    assert run("pack", data, out, "--imgsz", 64).returncode == 0
    first = tree(out)
    refused = run("pack", data, out, "--imgsz", 96)
    assert refused.returncode == 2 and "--overwrite" in refused.stderr and tree(out) == first
    assert run("pack", data, out, "--imgsz", 96, "--overwrite").returncode == 0
    assert index_of(out)["imgsz"] == 96 and set(tree(out)) == set(first)

    before = os.stat(out / "index.json").st_mtime_ns
    kept = run("pack", data, out, "--imgsz", 96, "--if-changed")
    assert kept.returncode == 0 and "up to date" in kept.stdout
    assert os.stat(out / "index.json").st_mtime_ns == before
    assert run("pack", data, out, "--imgsz", 64, "--if-changed").returncode == 0
    assert tree(out) == first
    write(os.path.join(os.path.dirname(data), "labels/train/n001.txt"), "0 0.5 0.5 0.5 0.5\n")
    assert run("pack", data, out, "--imgsz", 64, "--if-changed").returncode == 0
    assert index_of(out)["source_digest"] != json.loads(first["index.json"])["source_digest"]
    shard = out / "train-00000.yds"
    shard.write_bytes(shard.read_bytes()[:-1])  # a damaged set is no set that fits
    assert "up to date" not in run("pack", data, out, "--imgsz", 64, "--if-changed").stdout
    assert len(list(read_split(out, "train"))) == 7


def spoil(data):
    """One truncated picture, one label with a class that does not exist, one with a zero-size box (kept)."""
    root = os.path.dirname(data)
    path = f"{root}/images/train/n002.png"
    with open(path, "rb") as file:
        content = file.read()
    write(path, content[: len(content) // 2])
    write(f"{root}/labels/train/n005.txt", "0 0.5 0.5 0.1 0.1\n9 0.5 0.5 0.1 0.1\n")
    write(f"{root}/labels/train/n003.txt", "1 0.5 0.5 0 0.1\n1 0.5 0.5 0 0.1\n")


def test_bad_images_are_left_out_and_listed(data, tmp_path):
    spoil(data)
    out = tmp_path / "out"
    done = run("pack", data, out, "--imgsz", 64)
    assert done.returncode == 0
    index = index_of(out)
    jsonschema.validate(index, load(os.path.join(SOURCE, "schemas", "index.schema.json")))
    assert [(i["path"], [r["rule"] for r in i["reasons"]]) for i in index["left_out"]] == [
        ("images/train/n002.png", ["image/truncated"]), ("images/train/n005.png", ["label/class-out-of-range"])]
    assert index["left_out"][1]["reasons"][0]["line"] == 2
    assert index["splits"][0] == {"name": "train", "records": 5, "rows": 4, "backgrounds": 2, "left_out": 2}
    assert "images/train/n002.png" in done.stdout


def test_on_bad_fail_publishes_nothing(data, tmp_path):
    spoil(data)
    out = tmp_path / "out"
    done = run("pack", data, out, "--imgsz", 64, "--on-bad", "fail")
    assert done.returncode == 1
    assert "n002.png" in done.stdout and "n005.png" in done.stdout
    assert not out.exists()


def test_no_picture_at_all_is_an_error(tmp_path):
    data = draw(tmp_path / "data", train=1, val=1)
    for split, name in (("train", "n000"), ("val", "n001")):
        write(f"{tmp_path}/data/images/{split}/{name}.png", b"no picture")
    done = run("pack", data, tmp_path / "out")
    assert done.returncode == 3 and "not one of its 2 images" in done.stderr
    assert not (tmp_path / "out").exists()


def test_jpegs_that_fit_pass_through(tmp_path):
    out = tmp_path / "out"
    data = os.path.join(SOURCE, "samples", "bccd", "data.yaml")
    done = run("pack", data, out, "--imgsz", 640, "--codec", "jpeg")
    assert done.returncode == 0
    for record in read_split(out, "val"):
        with open(os.path.join(os.path.dirname(data), record["source"].decode()), "rb") as file:
            assert bytes(record["payload"]) == file.read()
    assert run("pack", data, tmp_path / "small", "--imgsz", 320, "--codec", "jpeg", "--split", "val").returncode == 0
    for record in read_split(tmp_path / "small", "val"):
        assert (record["width"], record["height"]) == (320, 240) and bytes(record["payload"][:2]) == b"\xff\xd8"


def test_odd_names(tmp_path):
    data = draw(tmp_path / "data", train=1, val=1)
    name = os.fsdecode(b"images/train/a \xff\nb.png")
    write(f"{tmp_path}/data/{name}", png(pixels(0, 64, 64)))
    assert run("pack", data, tmp_path / "out", "--imgsz", 64).returncode == 0
    assert b"images/train/a \xff\nb.png" in [r["source"] for r in read_split(tmp_path / "out", "train")]


@pytest.mark.parametrize("arguments, code, word", [
    (["--codec", "zip"], 2, "zip"), (["--imgsz", "0"], 2, "imgsz"), (["--split", "tset"], 2, "tset"),
    (["--shard-size", "0"], 2, "shard-size"), (["--variants", "-1"], 2, "variants"), (["--jobs", "0"], 2, "jobs"),
    (["--quality", "101"], 2, "quality")])
def test_wrong_command_lines(data, tmp_path, arguments, code, word):
    done = run("pack", data, tmp_path / "out", *arguments)
    assert done.returncode == code and word in done.stderr
    assert not (tmp_path / "out").exists()


def test_missing_input_and_a_file_in_the_way(data, tmp_path):
    assert run("pack", tmp_path / "nothing", tmp_path / "out").returncode == 3
    write(str(tmp_path / "file"), b"mine")
    assert run("pack", data, tmp_path / "file", "--overwrite").returncode == 2
    write(str(tmp_path / "broken.yaml"), "train: [")
    assert run("pack", tmp_path / "broken.yaml", tmp_path / "out").returncode == 3


def test_a_second_writer_is_refused(data, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    with open(out / ".pack.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = run("pack", data, out, "--overwrite")
        assert done.returncode == 2 and "another process" in done.stderr
    assert run("pack", data, out, "--imgsz", 64).returncode == 0
    assert not (out / ".pack.lock").exists()


def slow_pack(tmp_path, out, *options):
    """A pack that takes a while: pictures are enlarged to 640."""
    data = tmp_path / "slow" / "data.yaml"
    if not data.exists():
        draw(tmp_path / "slow", train=48, val=8)
    return [os.path.join(BIN, "yolodata-pack"), str(data), str(out), "--jobs", "2", "--shard-size", "8MiB", *options]


def test_kill_leaves_no_half_set(tmp_path):
    out = tmp_path / "out"
    command = slow_pack(tmp_path, out, "--overwrite")
    began = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    whole, seconds = tree(out), time.monotonic() - began
    old = shutil.copytree(out, tmp_path / "old")
    for attempt in range(10):
        shutil.rmtree(out, ignore_errors=True)  # killed before it was made, on a busy machine
        if attempt % 2:
            shutil.copytree(old, out)  # replacing a set
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(seconds * (attempt + 1) / 10)
        process.kill()
        process.wait()
        if (out / "index.json").exists():
            inspected = run("inspect", out)
            assert inspected.returncode == 0, inspected.stderr
            published = {k: v for k, v in tree(out).items() if not k.startswith(".pack")}
            assert published == whole, attempt
        else:
            assert run("inspect", out).returncode == 3
    shutil.rmtree(out, ignore_errors=True)
    subprocess.run(command[:-1], check=True, capture_output=True)
    assert tree(out) == whole


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_stops_cleanly(tmp_path, name):
    out = tmp_path / "out"
    process = subprocess.Popen(slow_pack(tmp_path, out), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 20
    while not (out / ".pack-tmp").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(getattr(signal, name))
    process.communicate(timeout=60)
    assert process.returncode == 128 + getattr(signal, name)
    assert not out.exists()


def test_a_disk_that_refuses_leaves_nothing(data, tmp_path):
    out = tmp_path / "out"
    done = run("pack", data, out, "--imgsz", 640, restore_signals=False,
               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20)))
    assert done.returncode == 3 and "cannot write" in done.stderr
    assert not out.exists()


def test_a_full_disk_is_named_before_any_work(data, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(small)], capture_output=True).returncode:
        pytest.skip("no right to mount a small file system here")
    try:
        done = run("pack", data, small / "out", "--imgsz", 640)
        assert done.returncode == 3 and "MiB are needed" in done.stderr
        assert not (small / "out").exists()
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_codec_auto_says_what_it_chose_and_keeps_to_it(data, tmp_path):
    out = tmp_path / "out"
    done = run("pack", data, out, "--imgsz", 64, "--codec", "auto")
    assert done.returncode == 0, done.stderr
    codec = index_of(out)["options"]["codec"]
    assert codec == "raw" and f"codec auto: {codec}. raw: " in done.stdout  # ten small pictures: the page cache holds them
    assert run("pack", data, out, "--imgsz", 64, "--codec", "jpeg", "--overwrite").returncode == 0
    done = run("pack", data, out, "--imgsz", 64, "--codec", "auto", "--if-changed")
    assert "up to date" in done.stdout and index_of(out)["options"]["codec"] == "jpeg"
    assert not list(out.glob(".yolodata-probe*"))
