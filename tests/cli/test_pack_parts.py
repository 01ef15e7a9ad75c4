# SPDX-License-Identifier: Apache-2.0
"""pack --part I/N and --merge: the parts of array jobs make the set of one packing, byte for byte."""
import os
import shutil
import subprocess

import pytest

from drawn_dataset import BIN, draw, run, tree, write

OPTIONS = ["--imgsz", "64", "--shard-size", "60KiB"]


@pytest.fixture
def source(tmp_path):
    data = draw(tmp_path / "data", train=21, val=6)
    write(tmp_path / "data" / "images" / "train" / "n007x.png", b"\x89PNG\r\n\x1a\nbroken")
    write(tmp_path / "data" / "labels" / "val" / "orphan.txt", "0 0.5 0.5 0.1 0.1\n")
    return data


def command(source, out, options, part):
    return [os.path.join(BIN, "yolodata-pack"), str(source), str(out), *options, "--resume", "--part", part]


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


def test_parts_agree_on_a_codec(source, tmp_path):
    out = tmp_path / "out"
    first = run("pack", source, out, *OPTIONS, "--codec", "auto", "--part", "2/2")
    assert first.returncode == 0 and "codec auto: raw. raw:" in first.stdout, first.stdout + first.stderr
    choice = [name for name in os.listdir(out / ".parts") if name.startswith("codec")]
    assert choice == ["codec-of-2-64-95"]
    write(out / ".parts" / choice[0], "jpeg\n")  # as if another machine had been first
    second = run("pack", source, out, *OPTIONS, "--codec", "auto", "--part", "1/2")
    assert second.returncode == 0 and "codec auto: jpeg, as another part chose" in second.stdout
    done = run("pack", "--merge", out)
    assert done.returncode == 2 and "part 1 was packed with --codec jpeg, part 2 with raw" in done.stderr
    assert run("pack", source, out, *OPTIONS, "--codec", "auto", "--part", "2/2", "--overwrite").returncode == 0
    assert run("pack", "--merge", out).returncode == 0
    assert run("pack", source, tmp_path / "whole", *OPTIONS, "--codec", "jpeg").returncode == 0
    assert tree(out) == tree(tmp_path / "whole")
    write(tmp_path / "bad" / ".parts" / "codec-of-2-64-95", "zip\n")
    done = run("pack", source, tmp_path / "bad", *OPTIONS, "--codec", "auto", "--part", "2/2")
    assert done.returncode == 3 and "codec-of-2-64-95: names neither raw nor jpeg" in done.stderr


def test_parts_that_measure_at_once_choose_one_codec(source, tmp_path):
    out = tmp_path / "out"
    running = [subprocess.Popen(command(source, out, [*OPTIONS, "--codec", "auto", "--variants", "1"], f"{part}/3"), stdout=subprocess.PIPE, text=True)
               for part in (1, 2, 3)]
    said = [process.communicate(timeout=60)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    assert all("codec auto: raw" in text for text in said), said
    # They agreed, by a file that whoever comes later finds.
    assert [name for name in os.listdir(out / ".parts") if name.startswith("codec")] == ["codec-of-3-64-95"]
    assert (out / ".parts" / "codec-of-3-64-95").read_text() == "raw\n"
    assert run("pack", "--merge", out).returncode == 0
    assert not (out / ".parts").exists()


def test_a_manifest_of_another_state_is_not_merged(source, tmp_path):
    """Packing part 2 anew was killed after its manifest was written: the old pictures must not get the new digest."""
    out, part = tmp_path / "out", tmp_path / "out" / ".parts" / "2-of-2"
    changed = tmp_path / "data" / "images" / "val" / "n021.png"
    for number in (1, 2):
        assert run("pack", source, out, *OPTIONS, "--part", f"{number}/2").returncode == 0
    shutil.copytree(part, tmp_path / "old")
    original = changed.read_bytes()
    shutil.copy(tmp_path / "data" / "images" / "val" / "n023.png", changed)
    assert run("pack", source, out, *OPTIONS, "--part", "2/2", "--overwrite").returncode == 0
    manifest = (part / "part.manifest.json").read_bytes()

    def half_done():
        shutil.rmtree(part)
        shutil.copytree(tmp_path / "old", part)
        write(part / "part.manifest.json", manifest)

    half_done()
    done = run("pack", "--merge", out)
    assert done.returncode == 2 and "run it again with --part 2/2 --overwrite" in done.stderr, done.stdout + done.stderr
    # Nor is it up to date once the dataset is again what the pictures were made from.
    write(changed, original)
    done = run("pack", source, out, *OPTIONS, "--part", "2/2", "--if-changed")
    assert done.returncode == 0 and "up to date" not in done.stdout, done.stderr
    assert run("pack", "--merge", out).returncode == 0
    assert run("pack", source, tmp_path / "whole", *OPTIONS).returncode == 0
    assert tree(out) == tree(tmp_path / "whole")
