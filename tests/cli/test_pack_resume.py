# SPDX-License-Identifier: Apache-2.0
"""pack --resume: killed at any moment, it ends with the bytes of a run that nobody disturbed. YOLO_KILLS: how many kills
(10 in all; the target pack_kill_campaign does 100 of each kind)."""
import errno
import json
import os
import random
import shutil
import signal
import subprocess
import time

import pytest

from drawn_dataset import BIN, draw, run, tree, write

KILLS = int(os.environ.get("YOLO_KILLS", "10"))


def published(out):
    return {name: content for name, content in tree(out).items() if not name.startswith(".pack")}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("resume") / "data"
    data = draw(folder, train=48, val=8)
    # Left out, under a name that is not UTF-8 and holds a backslash.
    write(os.fsencode(str(folder)) + b"/images/train/n00\xff\\x41.png", b"\x89PNG\r\n\x1a\nbroken")
    return data


@pytest.mark.parametrize("options", [["--imgsz", "320", "--shard-size", "2MiB"], ["--imgsz", "320", "--shard-size", "300KiB", "--codec", "jpeg"],
                                     ["--imgsz", "160", "--shard-size", "200KiB", "--variants", "3"],
                                     ["--imgsz", "160", "--shard-size", "30KiB", "--codec", "jpeg", "--variants", "2"]],
                         ids=["raw", "jpeg", "variants", "jpeg variants"])
def test_killed_and_resumed_is_uninterrupted(source, tmp_path, options):
    whole = tmp_path / "whole"
    began = time.monotonic()
    assert run("pack", source, whole, *options).returncode == 0
    seconds, expected = time.monotonic() - began, tree(whole)
    assert len(expected) > 4 and json.loads(expected["index.json"])["left_out"][0]["path_escaped"]
    out, rng = tmp_path / "out", random.Random(1)
    command = [os.path.join(BIN, "yolodata-pack"), source, str(out), "--resume", *options]
    for _ in range(max(KILLS // 3, 1)):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rng.uniform(0, seconds))
        process.kill()
        process.wait()
        if (out / "index.json").exists():
            assert published(out) == expected
            shutil.rmtree(out)
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert tree(out) == expected
    assert "up to date" in subprocess.run(command, capture_output=True, text=True).stdout


def interrupted(source, out, options):
    """Kills a packing once its journal holds a shard."""
    process = subprocess.Popen([os.path.join(BIN, "yolodata-pack"), source, str(out), "--resume", "--jobs", "1", *options],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not (out / ".pack-tmp" / "journal.json").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    process.kill()
    process.wait()
    return (out / ".pack-tmp" / "journal.json").exists()


def test_what_is_done_is_not_done_again_and_damage_is_seen(source, tmp_path):
    options = ["--imgsz", "320", "--shard-size", "400KiB"]
    assert run("pack", source, tmp_path / "whole", *options).returncode == 0
    for attempt in ("resume", "other options", "damage"):
        out = tmp_path / attempt
        if not interrupted(source, out, options):
            pytest.skip("was done before it could be killed")
        if attempt == "damage":
            shard = sorted((out / ".pack-tmp").glob("*.yds"))[0]
            content = bytearray(shard.read_bytes())
            content[5000] ^= 1
            shard.write_bytes(content)
        seed = ["--seed", "3"] if attempt == "other options" else []
        done = run("pack", source, out, "--resume", *options, *seed)
        assert done.returncode == 0, done.stderr
        assert ("went on after" in done.stdout) == (attempt == "resume")
        assert not seed or json.loads((out / "index.json").read_text())["seed"] == 3
        if not seed:
            assert tree(out) == tree(tmp_path / "whole")


def test_codec_auto_goes_on_with_that_of_the_plain_pictures(source, tmp_path):
    """It is measured anew only where nothing is stored in it yet."""
    options, out = ["--imgsz", "320", "--shard-size", "200KiB", "--variants", "2"], tmp_path / "out"
    assert run("pack", source, tmp_path / "whole", "--codec", "jpeg", *options).returncode == 0
    process = subprocess.Popen([os.path.join(BIN, "yolodata-pack"), source, str(out), "--resume", "--jobs", "1", "--codec", "jpeg", *options],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not (out / ".pack-tmp" / "plain" / "journal.json").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    process.kill()
    process.wait()
    if (out / ".pack-tmp" / "journal.json").exists() or (out / "index.json").exists():
        pytest.skip("variants were there before it could be killed")
    done = run("pack", source, out, "--resume", "--codec", "auto", *options)
    assert done.returncode == 0 and "went on after" in done.stdout, done.stdout + done.stderr
    assert tree(out) == tree(tmp_path / "whole")


def test_a_set_that_does_not_fit_is_not_touched(source, tmp_path):
    out = tmp_path / "out"
    assert run("pack", source, out, "--imgsz", 64).returncode == 0
    before = tree(out)
    done = run("pack", source, out, "--imgsz", 32, "--resume")
    assert done.returncode == 2 and "--overwrite" in done.stderr
    assert tree(out) == before


def fill(path):
    """Writes until the file system is full."""
    with open(path, "wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12):
            try:
                while file.write(b"\0" * size):
                    pass
            except OSError as error:
                assert error.errno == errno.ENOSPC


def test_a_disk_that_fills_up_keeps_what_is_done(source, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=9m", "tmpfs", str(small)], capture_output=True).returncode:
        pytest.skip("no right to mount a small file system here")
    try:
        options = ["--imgsz", "240", "--shard-size", "1MiB"]
        assert run("pack", source, tmp_path / "whole", *options).returncode == 0
        out = small / "out"
        process = subprocess.Popen([os.path.join(BIN, "yolodata-pack"), source, str(out), "--resume", "--jobs", "1", *options],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 30
        while not (out / ".pack-tmp" / "journal.json").exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.001)
        # The check of free space before passed; somebody else takes what it saw.
        process.send_signal(signal.SIGSTOP)
        fill(small / "somebody-else")
        process.send_signal(signal.SIGCONT)
        _, errors = process.communicate(timeout=60)
        if process.returncode == 0:
            pytest.skip("was done before the disk was full")
        assert process.returncode == 3 and "No space left" in errors and "wait for another --resume" in errors, errors
        assert not (out / "index.json").exists()
        os.remove(small / "somebody-else")
        done = run("pack", source, out, "--resume", *options)
        assert done.returncode == 0 and "went on after" in done.stdout, done.stderr
        assert tree(out) == tree(tmp_path / "whole")
    finally:
        subprocess.run(["umount", str(small)], check=True)
