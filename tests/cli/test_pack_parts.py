# SPDX-License-Identifier: Apache-2.0
"""pack --part I/N and --merge: the parts of array jobs make the set of one packing, byte for byte."""
import os
import shutil

import pytest

from drawn_dataset import draw, run, tree, write

OPTIONS = ["--imgsz", "64", "--shard-size", "60KiB"]


@pytest.fixture
def source(tmp_path):
    data = draw(tmp_path / "data", train=21, val=6)
    write(tmp_path / "data" / "images" / "train" / "n007x.png", b"\x89PNG\r\n\x1a\nbroken")
    write(tmp_path / "data" / "labels" / "val" / "orphan.txt", "0 0.5 0.5 0.1 0.1\n")
    return data


@pytest.mark.parametrize("count", [1, 2, 5, 40])
def test_parts_make_the_same_set(source, tmp_path, count):
    assert run("pack", source, tmp_path / "whole", *OPTIONS).returncode == 0
    out = tmp_path / "out"
    for part in range(count, 0, -1):  # in any order
        done = run("pack", source, out, *OPTIONS, "--part", f"{part}/{count}", "--resume")
        assert done.returncode == 0, done.stderr
    if count > 1:
        again = run("pack", source, out, *OPTIONS, "--part", f"1/{count}", "--resume")
        assert "up to date" in again.stdout, again.stdout + again.stderr
        done = run("pack", "--merge", out)
        assert done.returncode == 0, done.stderr
        assert "train: 21 images" in done.stdout
    assert tree(out) == tree(tmp_path / "whole")


def test_some_splits_only(source, tmp_path):
    assert run("pack", source, tmp_path / "whole", *OPTIONS, "--split", "val").returncode == 0
    for part in (1, 2):
        assert run("pack", source, tmp_path / "out", *OPTIONS, "--split", "val", "--part", f"{part}/2").returncode == 0
    assert run("pack", "--merge", tmp_path / "out").returncode == 0
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


def test_what_cannot_be_merged_is_refused(source, tmp_path):
    out = tmp_path / "out"
    done = run("pack", "--merge", out)
    assert done.returncode == 3 and "holds no parts" in done.stderr
    assert run("pack", source, out, *OPTIONS, "--part", "1/2").returncode == 0
    done = run("pack", "--merge", out)
    assert done.returncode == 2 and "part 2/2 is not done; run it with --part 2/2" in done.stderr
    assert run("pack", source, out, *OPTIONS, "--part", "2/2", "--seed", 4).returncode == 0
    done = run("pack", "--merge", out)
    assert done.returncode == 2 and "different options" in done.stderr
    assert run("pack", source, out, *OPTIONS, "--part", "1/3").returncode == 0
    done = run("pack", "--merge", out)
    assert done.returncode == 2 and "parts of 2 and of 3" in done.stderr
    shutil.rmtree(out / ".parts" / "1-of-3")
    # The dataset changed between the parts: one file was read by both of them, or the digest is another one.
    os.remove(out / ".parts" / "2-of-2" / "index.json")
    assert run("pack", source, out, *OPTIONS, "--part", "2/2", "--overwrite").returncode == 0
    assert run("pack", "--merge", out).returncode == 0
    done = run("pack", source, out, *OPTIONS, "--part", "1/2")
    assert done.returncode == 0
    assert run("pack", source, out, *OPTIONS, "--part", "2/2").returncode == 0
    done = run("pack", "--merge", out)
    assert done.returncode == 2 and "holds a shard set already" in done.stderr
    assert run("pack", "--merge", out, "--overwrite").returncode == 0


@pytest.mark.parametrize("part", ["0/2", "3/2", "1", "1/", "a/b", "1/2/3", "-1/2"])
def test_wrong_parts(source, tmp_path, part):
    done = run("pack", source, tmp_path / "out", "--part", part)
    assert done.returncode == 2 and "I/N" in done.stderr


def test_variants_are_not_packed_in_parts(source, tmp_path):
    done = run("pack", source, tmp_path / "out", "--part", "1/2", "--variants", "1")
    assert done.returncode == 2 and "variants cannot be packed in parts" in done.stderr
