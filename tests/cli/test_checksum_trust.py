# SPDX-License-Identifier: Apache-2.0
"""yolodata checksum --check with --fast and --sample: what is read, and what is trusted."""
import os
import re
import shutil
import subprocess

import pytest

from small_dataset import BIN, SmallDataset, plain_build_only, png, run

LISTED = 17


@pytest.fixture
def data(tmp_path):
    data = SmallDataset(tmp_path / "set")
    run("checksum", data.root, "--quiet")
    return data


def rot(path):
    """Changes a byte and leaves size and time as they were."""
    stat = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def counts(done):
    return tuple(map(int, re.search(r"(\d+) hashed, (\d+) trusted by size and time\n$", done.stdout).groups()))


def test_fast_trusts_size_and_time(data):
    rot(data.root / "images/train/t0.png")
    done = run("checksum", data.root, "--check", "--fast")
    assert done.stdout == f"{LISTED} files listed, {LISTED} here, 0 differ\n0 hashed, {LISTED} trusted by size and time\n"
    assert "checksum/bit-rot images/train/t0.png" in run("checksum", data.root, "--check", code=1).stdout


def test_fast_hashes_what_was_touched(data):
    label, touched, longer = (data.root / f"labels/train/t{i}.txt" for i in range(3))
    label.write_bytes(label.read_bytes().replace(b"0.4", b"0.3"))
    touched.touch()
    with open(longer, "ab") as f:
        f.write(b"0 0.1 0.1 0.1 0.1\n")
    (data.root / "images/val/v0.png").unlink()
    data.write("images/val/new.png", png(9))
    done = run("checksum", data.root, "--check", "--fast", code=1)
    assert [line.split(":")[0] for line in done.stdout.splitlines()[:-2]] == [
        "warning checksum/added images/val/new.png", "error checksum/missing images/val/v0.png",
        "error checksum/changed labels/train/t0.txt", "error checksum/changed labels/train/t2.txt"]
    assert counts(done) == (3, LISTED - 4)


@plain_build_only
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_fast_opens_no_file_of_the_dataset(data):
    trace = data.root.parent / "trace"
    subprocess.run(["strace", "-f", "-e", "trace=open,openat,openat2", "-o", trace, BIN / "yolodata-checksum",
                    data.root, "--check", "--fast"], check=True, capture_output=True)
    assert re.findall(r"open\w*\(.*\.(?:png|txt)\"", trace.read_text()) == []
    assert "yolodata.sha256.json" in trace.read_text()


def test_sample_reads_a_share_and_comes_round(data):
    for i in range(200):
        data.write(f"labels/train/x{i}.txt", b"")
        data.write(f"images/train/x{i}.png", png(1000 + i, 16, 16))
    run("checksum", data.root, "--quiet")
    hashed = []
    for seed in range(7, 12):
        done = run("checksum", data.root, "--check", "--sample", "20%", "--seed", str(seed))
        assert f"sample 20% with seed {seed}: " in done.stdout
        hashed.append(counts(done)[0])
        assert run("checksum", data.root, "--check", "--sample", "20%", "--seed", str(seed)).stdout == done.stdout
    assert sum(hashed) == LISTED + 400, "consecutive shares neither overlap nor leave a gap"
    assert all(50 < n < 120 for n in hashed), hashed


def test_a_sample_finds_rot_when_its_turn_comes(data):
    rot(data.root / "images/train/t3.png")
    found = [run("checksum", data.root, "--check", "--sample=25%", f"--seed={seed}", code=None).returncode
             for seed in range(4)]
    assert sorted(found) == [0, 0, 0, 1]
    run("checksum", data.root, "--check", "--sample=100%", code=1)


def test_a_sha256sum_list_has_nothing_to_trust(data):
    listed = data.root.parent / "sums"
    run("checksum", data.root, "--format", "sha256sum", "--output", listed)
    assert "neither sizes nor times" in run("checksum", data.root, f"--check={listed}", "--fast", code=2).stderr


@pytest.mark.parametrize("args", [["--fast"], ["--sample", "10%"], ["--verify-key", "k"], ["--check", "--sign", "k"],
                                  ["--sign", "k", "--format", "sha256sum"], ["--check", "--seed", "1"],
                                  ["--check", "--fast", "--sample", "10%"], ["--check", "--sample", "10"],
                                  ["--check", "--sample", "0%"], ["--check", "--sample", "101%"],
                                  ["--check", "--sample", "nan%"], ["--check", "--sample", "%"]])
def test_what_makes_no_sense_is_refused(data, args):
    run("checksum", data.root, *args, code=2)
