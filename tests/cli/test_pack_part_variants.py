# SPDX-License-Identifier: Apache-2.0
"""pack --variants K --part I/N: parts share the plain pictures, and make the set of one packing."""
import fcntl
import json
import os
import random
import shutil
import signal
import subprocess
import time

import pytest

from drawn_dataset import BIN, draw, pixels, png, run, tree, write

KILLS = int(os.environ.get("YOLO_KILLS", "10"))
VARIANTS = ["--imgsz", "48", "--shard-size", "40KiB", "--variants", "3", "--seed", "5"]


def command(source, out, options, part):
    return [os.path.join(BIN, "yolodata-pack"), str(source), str(out), *options, "--resume", "--part", part]


@pytest.fixture(scope="module")
def varied(tmp_path_factory):
    """A dataset with a bad image in each split, and the set that one packing makes of it."""
    folder = tmp_path_factory.mktemp("varied")
    data = draw(folder / "data", train=21, val=6)
    for name in ("train/n007x.png", "val/n023x.png"):
        write(folder / "data" / "images" / name, b"\x89PNG\r\n\x1a\nbroken")
    done = run("pack", data, folder / "whole", *VARIANTS)
    assert done.returncode == 0, done.stderr
    return data, tree(folder / "whole")


def plain_indices(out):
    """The index.json of every plain part, with what changes when it is published anew."""
    found = {}
    for path in sorted((out / ".parts").glob("plain-of-*/.parts/*/index.json")):
        status = os.stat(path)
        found[str(path)] = (status.st_ino, status.st_mtime_ns)
    return found


@pytest.mark.parametrize("count", [2, 5, 30])
def test_variants_in_parts_make_the_same_set(varied, tmp_path, count):
    source, whole = varied
    out = tmp_path / "out"
    for part in [2, 1, *range(count, 2, -1)]:
        done = run("pack", source, out, *VARIANTS, "--part", f"{part}/{count}")
        assert done.returncode == 0, done.stderr
    assert "up to date" in run("pack", source, out, *VARIANTS, "--part", f"1/{count}", "--resume").stdout
    done = run("pack", "--merge", out)
    assert done.returncode == 0 and "train: 63 pictures" in done.stdout, done.stdout + done.stderr
    assert "val: 6 images" in done.stdout
    assert tree(out) == whole


def test_variants_in_parts_as_jpegs_make_the_same_set(varied, tmp_path):
    source, _ = varied
    options = ["--imgsz", 48, "--shard-size", "6KiB", "--codec", "jpeg", "--quality", 90]
    assert run("pack", source, tmp_path / "plain", *options).returncode == 0
    options += ["--variants", 2]
    assert run("pack", source, tmp_path / "whole", *options).returncode == 0
    for part in (3, 1, 2):
        done = run("pack", source, tmp_path / "out", *options, "--part", f"{part}/3")
        assert done.returncode == 0, done.stderr
    assert run("pack", "--merge", tmp_path / "out").returncode == 0
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")
    plain, val = ({name: data for name, data in tree(tmp_path / folder).items() if name[:3] == "val"}
                  for folder in ("plain", "out"))
    assert val == plain and len(val) > 1


def test_parts_with_variants_of_val_are_not_merged_with_others(varied, tmp_path):
    """Earlier versions made them, of every split."""
    source, whole = varied
    for part in (1, 2):
        assert run("pack", source, tmp_path / "out", *VARIANTS, "--part", f"{part}/2").returncode == 0
    path = tmp_path / "out" / ".parts" / "2-of-2" / "index.json"
    index = json.loads(path.read_text())
    del index["splits"][1]["variants"]
    write(path, json.dumps(index))
    done = run("pack", "--merge", tmp_path / "out")
    assert done.returncode == 2 and "parts 1 and 2 were packed with different options" in done.stderr, done.stderr
    assert run("pack", source, tmp_path / "out", *VARIANTS, "--part", "2/2", "--if-changed").returncode == 0
    assert run("pack", "--merge", tmp_path / "out").returncode == 0
    assert tree(tmp_path / "out") == whole


def test_parts_with_variants_beside_each_other(varied, tmp_path):
    source, whole = varied
    running = [subprocess.Popen(command(source, tmp_path / "out", VARIANTS, f"{part}/4"), stdout=subprocess.DEVNULL) for part in (1, 2, 3)]
    assert [process.wait(timeout=60) for process in running] == [0, 0, 0]
    # Nobody packs an image that another one has packed: each plain part is published once and left alone.
    plain = plain_indices(tmp_path / "out")
    assert len(plain) == 4
    assert subprocess.run(command(source, tmp_path / "out", VARIANTS, "4/4"), stdout=subprocess.DEVNULL).returncode == 0
    assert plain_indices(tmp_path / "out") == plain
    assert run("pack", "--merge", tmp_path / "out").returncode == 0
    assert tree(tmp_path / "out") == whole


def test_parts_with_variants_killed_and_resumed(varied, tmp_path):
    source, whole = varied
    out, rng = tmp_path / "out", random.Random(2)
    began = time.monotonic()
    assert subprocess.run(command(source, tmp_path / "once", VARIANTS, "1/2"), stdout=subprocess.DEVNULL).returncode == 0
    seconds = time.monotonic() - began
    for _ in range(max(KILLS // 2, 1)):
        running = [subprocess.Popen(command(source, out, VARIANTS, part), stdout=subprocess.DEVNULL) for part in ("1/2", "2/2")]
        for process in running:
            time.sleep(rng.uniform(0, seconds / 2))
            process.kill()
            process.wait()
    for part in ("2/2", "1/2"):
        assert subprocess.run(command(source, out, VARIANTS, part), stdout=subprocess.DEVNULL).returncode == 0
    assert run("pack", "--merge", out).returncode == 0
    assert tree(out) == whole


def test_parts_wait_only_for_those_that_work(varied, tmp_path):
    """A part of which another process holds the lock is waited for; Ctrl-C ends the waiting."""
    source, _ = varied
    assert run("pack", source, tmp_path / "before", *VARIANTS, "--part", "1/2").returncode == 0
    plain = os.path.dirname(next(iter(plain_indices(tmp_path / "before"))))
    place = tmp_path / "out" / os.path.relpath(plain, tmp_path / "before").replace("1-of-2", "2-of-2")
    place.mkdir(parents=True)
    with open(place / ".pack.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = subprocess.Popen(command(source, tmp_path / "out", VARIANTS, "1/2"), stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while not (place.parent / "1-of-2" / "index.json").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.5)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) != 0
    assert run("pack", source, tmp_path / "out", *VARIANTS, "--part", "1/2", "--resume").returncode == 0


def test_variants_of_a_dataset_that_changed_are_not_merged(tmp_path):
    source, out = draw(tmp_path / "data", train=8, val=2), tmp_path / "out"
    assert run("pack", source, out, *VARIANTS, "--part", "1/2").returncode == 0
    shutil.copy(tmp_path / "data" / "images" / "train" / "n000.png", tmp_path / "data" / "images" / "train" / "n999.png")
    assert run("pack", source, out, *VARIANTS, "--part", "2/2").returncode == 0
    done = run("pack", "--merge", out)
    assert done.returncode == 2 and "the dataset changed between parts 1 and 2" in done.stderr
    assert run("pack", source, out, *VARIANTS, "--part", "1/2", "--if-changed").returncode == 0
    assert run("pack", "--merge", out).returncode == 0
    assert run("pack", source, tmp_path / "whole", *VARIANTS).returncode == 0
    assert tree(out) == tree(tmp_path / "whole")


def test_a_bad_image_fails_each_part_with_variants(varied, tmp_path):
    source, _ = varied
    for part, bad in (("1/2", "n007x"), ("2/2", "n023x")):
        done = run("pack", source, tmp_path / "out", *VARIANTS, "--part", part, "--on-bad", "fail")
        assert done.returncode == 1 and bad in done.stdout + done.stderr


def test_plain_pictures_of_other_options_are_others(varied, tmp_path):
    """Two jobs with different options in one OUT: neither takes the pictures of the other from under it."""
    source, whole = varied
    out, others = tmp_path / "out", [*VARIANTS, "--imgsz", "64", "--max-pixels", "3000"]
    running = [subprocess.Popen(command(source, out, options, part), stdout=subprocess.DEVNULL)
               for options, part in ((VARIANTS, "1/2"), (others, "2/2"))]
    assert [process.wait(timeout=60) for process in running] == [0, 0]
    plain = plain_indices(out)
    assert len(plain) == 4 and len({os.path.dirname(os.path.dirname(path)) for path in plain}) == 2
    done = run("pack", "--merge", out)
    assert done.returncode == 2 and "different options" in done.stderr
    # What they do not depend on: the seed, the quality where none is a JPEG, and without splits that measure the codec.
    other = [*VARIANTS, "--quality", 80, "--seed", 9, "--part", "2/2", "--overwrite"]
    assert run("pack", source, out, *other).returncode == 0
    assert run("pack", source, out, *VARIANTS, "--part", "2/2", "--overwrite").returncode == 0
    assert plain_indices(out) == plain
    for count, codec in ((1, "raw"), (1, "jpeg"), (2, "jpeg")):
        options = [*VARIANTS, *(["--split", "train"] if count == 1 else []), "--codec", codec, "--part", "1/2"]
        assert run("pack", source, tmp_path / "codecs", *options, "--overwrite").returncode == 0
        assert len(plain_indices(tmp_path / "codecs")) == 2 * count
    assert run("pack", "--merge", out).returncode == 0
    assert tree(out) == whole


def test_plain_pictures_are_trusted_by_size_and_time(tmp_path):
    source, out = draw(tmp_path / "data", train=8, val=2), tmp_path / "out"
    assert run("pack", source, out, *VARIANTS, "--part", "1/3").returncode == 0
    image = tmp_path / "data" / "images" / "train" / "n003.png"
    status, original, plain = os.stat(image), image.read_bytes(), plain_indices(out)
    # The same size and time: nobody reads it. (Nothing but a test does that.)
    write(image, bytes(len(original)))
    os.utime(image, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert run("pack", source, out, *VARIANTS, "--part", "2/3").returncode == 0
    # Another time and the same bytes: it is hashed, and found to be what it was.
    write(image, original)
    assert run("pack", source, out, *VARIANTS, "--part", "3/3").returncode == 0
    assert plain_indices(out) == plain
    assert run("pack", "--merge", out).returncode == 0
    assert run("pack", source, tmp_path / "whole", *VARIANTS).returncode == 0
    assert tree(out) == tree(tmp_path / "whole")


def test_variants_in_parts_need_space_too(tmp_path):
    data = tmp_path / "data"
    for number in range(20):
        write(data / "images" / "train" / f"n{number:03}.png", png(pixels(number, 128, 10)))
    write(data / "data.yaml", "path: .\ntrain: images/train\nval: images/train\nnames: [red]\n")
    free = shutil.disk_usage(tmp_path).free
    if free > 4e12:
        pytest.skip("too much space is free here")
    done = run("pack", data / "data.yaml", tmp_path / "out", "--split", "train", "--imgsz", 4096, "--variants", 10000, "--part", "1/2")
    assert done.returncode == 3 and "MiB are needed" in done.stderr, done.stdout + done.stderr
    assert "no shard was done" in done.stderr and "plain pictures" not in done.stderr
    assert len(plain_indices(tmp_path / "out")) == 2  # they stand, for whoever comes next


def test_a_disk_that_fills_up_with_plain_pictures_keeps_them(tmp_path):
    source, small = draw(tmp_path / "data", train=60, val=2), tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(small)], capture_output=True).returncode:
        pytest.skip("no right to mount a small file system here")
    try:
        # Just enough by the estimate, which a part makes for its own share: the other half does not fit.
        options = ["--imgsz", "200", "--variants", "1", "--shard-size", "200KiB"]
        done = run("pack", source, small / "out", *options, "--part", "1/2")
        assert done.returncode == 3, done.stdout + done.stderr
        assert done.stderr.count("keeps what it held before") == 1 and "are removed" not in done.stderr, done.stderr
        assert "of the plain pictures of part" in done.stderr and "wait in" in done.stderr
    finally:
        subprocess.run(["umount", str(small)], check=True)
