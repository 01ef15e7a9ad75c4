# SPDX-License-Identifier: Apache-2.0
"""Files that want to harm whoever reads them: huge, endless, looping, odd of name, forbidden, and disks that are full."""
import json
import os
import shutil
import socket
import stat
import struct
import subprocess
import tempfile
import time
import zlib

import jsonschema
import pytest

from small_dataset import BIN, SOURCE, SmallDataset, brief, plain_build_only, png, report, run

SCHEMA = json.loads((SOURCE / "schemas/report.schema.json").read_text())
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can set this up")


@pytest.fixture
def data(tmp_path):
    return SmallDataset(tmp_path / "set")


def within(memory, *args, code=0):
    """Runs yolodata with at most `memory` bytes of address space."""
    done = subprocess.run(["prlimit", f"--as={memory}", BIN / "yolodata", *map(os.fspath, args)], capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == code, done.stderr
    return done


def errors_of(result):
    jsonschema.validate(result, SCHEMA)
    return [f[:3] for f in brief(result["findings"]) if f[1] == "error"]


@plain_build_only
def test_a_label_of_one_gigabyte_in_one_line(data, tmp_path):
    if shutil.disk_usage(tmp_path).free < 4 << 30:
        pytest.skip("less than 4 GiB are free")
    label = data.root / "labels/train/t0.txt"
    with open(label, "wb") as f:
        piece = b"0.5 " * (1 << 18)
        for _ in range(1 << 10):
            f.write(piece)
    start = time.monotonic()
    result = json.loads(within(1 << 30, "verify", data.root, "--format", "json", code=1).stdout)
    assert errors_of(result) == [("label/unreadable", "error", "labels/train/t0.txt")]
    assert result["summary"]["bytes"] > 1 << 30 and result["summary"]["peak_memory_bytes"] < 200 << 20
    within(1 << 30, "checksum", data.root, "--quiet")
    assert time.monotonic() - start < 60
    label.unlink()


def png_header(width, height, interlaced=0):
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, interlaced))
            + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b""))


@plain_build_only
@pytest.mark.parametrize("interlaced", [0, 1])
def test_a_picture_that_claims_60000_pixels_a_side(data, interlaced):
    data.write("images/train/t0.png", png_header(60000, 60000, interlaced))
    result = json.loads(within(1 << 30, "verify", data.root, "--format", "json", code=1).stdout)
    assert errors_of(result) == [("image/too-large", "error", "images/train/t0.png")]


@plain_build_only
def test_such_a_picture_without_a_limit_is_read_by_rows(data):
    data.write("images/train/t0.png", png_header(60000, 60000))
    result = json.loads(within(1 << 30, "verify", data.root, "--format", "json", "--max-pixels", "0", code=1).stdout)
    assert errors_of(result) == [("image/truncated", "error", "images/train/t0.png")]
    assert result["summary"]["peak_memory_bytes"] < 200 << 20


def specials(data, tmp_path):
    """A FIFO, a socket and, for root, a device, under the names of images and labels."""
    names = {"fifo": os.mkfifo, "socket": lambda path: socket.socket(socket.AF_UNIX).bind(path)}
    if os.geteuid() == 0:
        names["device"] = lambda path: os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))  # /dev/zero
    made = []
    for name, make in names.items():
        try:
            (tmp_path / name).unlink(missing_ok=True)
            make(str(tmp_path / name))  # a socket's path must be short
        except OSError:
            continue
        made.append(name)
        os.rename(tmp_path / name, data.root / f"images/train/{name}.jpg")
        make(str(tmp_path / name))
        os.rename(tmp_path / name, data.root / f"labels/train/t{len(made)}.txt.new")
        os.replace(data.root / f"labels/train/t{len(made)}.txt.new", data.root / f"labels/train/t{len(made)}.txt")
    return made


def test_fifo_socket_and_device_are_never_waited_for(data):
    with tempfile.TemporaryDirectory(prefix="yd") as short:
        names = specials(data, type(data.root)(short))
    assert "fifo" in names
    expected = ([("image/unreadable", "error", f"images/train/{name}.jpg") for name in sorted(names)]
                + [("label/unreadable", "error", f"labels/train/t{i + 1}.txt") for i in range(len(names))])
    assert errors_of(report(data.root, code=1, timeout=20)) == expected
    stderr = run("checksum", data.root, code=3, timeout=20).stderr
    assert all(path in stderr for _, _, path in expected)


@pytest.mark.parametrize("what", ["data.yaml", "list", "manifest"])
def test_fifos_in_other_places(data, what):
    os.mkfifo(data.root / "fifo")
    if what == "data.yaml":
        os.replace(data.root / "fifo", data.config)
        assert "data.yaml" in run("verify", data.root, code=3, timeout=20).stderr
    elif what == "list":
        data.config.write_text("path: .\ntrain: fifo\nval: images/val\nnames: [a, b, c]\n")
        assert ("image/unreadable", "error", "fifo") in errors_of(report(data.root, code=1, timeout=20))
    else:
        run("checksum", data.root, "--check", data.root / "fifo", code=3, timeout=20)
        run("verify", data.root, "--manifest", data.root / "fifo", code=3, timeout=20)


def test_links_that_loop(data):
    train = data.root / "images/train"
    os.symlink(".", train / "self")
    os.symlink("../..", train / "above")
    (train / "a").mkdir()
    (train / "b").mkdir()
    os.symlink("../b", train / "a/to_b")
    os.symlink("../a", train / "b/to_a")
    os.symlink("me", train / "me")
    os.symlink("..", data.root / "labels/train/up")
    result = report(data.root, "--fail-on", "never", timeout=20)
    jsonschema.validate(result, SCHEMA)
    # Each picture once; those of val, which the link above leads to, belong to train too.
    assert result["summary"]["images"] == 8


def test_names_with_line_ends_and_bytes_that_are_no_text(data):
    names = [b"new\nline", b"tab\t", b"\xff\xfe", b"quote\"\\", b"\x1b[31mred", b"caf\xc3\xa9"]
    for i, name in enumerate(names):
        data.write(b"images/val/" + name + b".png", png(300 + i))
        data.write(b"labels/val/" + name + b".txt", b"9 0.5 0.5 0.1 0.1\n")
    result = report(data.root, code=1)
    assert len(errors_of(result)) == len(names)
    assert sum("path_escaped" in f for f in result["findings"]) == 1
    text = run("verify", data.root, code=1).stdout
    assert "\x1b" not in text and all(line.isprintable() for line in text.splitlines())
    bad = data.root.parent / "bad"
    run("verify", data.root, "--list-bad", bad, "-0", code=1)
    paths = bad.read_bytes().rstrip(b"\0").split(b"\0")
    assert sorted(os.path.basename(p)[:-4] for p in paths) == sorted(names)
    run("checksum", data.root, "--quiet")
    assert run("checksum", data.root, "--check").stdout.endswith(" 0 differ\n")


@root_only
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is not installed")
@pytest.mark.parametrize("folder", ["images/val", "labels/train"])
def test_a_folder_that_may_not_be_read(folder):
    with tempfile.TemporaryDirectory() as parent:
        os.chmod(parent, 0o755)
        data = SmallDataset(parent + "/set")
        as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        if subprocess.run([*as_nobody, BIN / "yolodata", "verify", "--version"], capture_output=True).returncode != 0:
            pytest.skip("the executables cannot be run by nobody")
        os.chmod(data.root / folder, 0o000)
        done = subprocess.run([*as_nobody, BIN / "yolodata", "verify", data.root, "--format", "json"],
                              capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done.stderr
    findings = json.loads(done.stdout)["findings"]
    assert any(f["severity"] == "error" and f["path"].startswith(folder) and "ermission" in f["message"] for f in findings)


@pytest.fixture
def full_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk], capture_output=True).returncode != 0:
        pytest.skip("no file system can be mounted here")
    yield disk
    subprocess.run(["umount", disk], check=True)


@root_only
def test_a_full_disk_leaves_no_half_report(data, full_disk):
    for i in range(2000):
        data.write(f"labels/val/lost{i}.txt", b"0 0.5 0.5 0.4 0.4\n")
    out = full_disk / "out"
    for args in (["verify", data.root, "--format", "json"], ["verify", data.root, "--format", "text", "--list-bad", full_disk / "bad"],
                 ["checksum", data.root], ["checksum", data.root, "--format", "sha256sum"]):
        before = sorted(os.listdir(full_disk))
        done = run(*args, "--output", out, code=None)
        if done.returncode in (0, 1):  # a short text fits
            out.unlink()
            (full_disk / "bad").unlink(missing_ok=True)
            assert "text" in args
            continue
        assert done.returncode == 3 and str(out) in done.stderr and "No space left" in done.stderr, done.stderr
        assert sorted(os.listdir(full_disk)) == before
    out.write_text("old")
    run("checksum", data.root, "--output", out, code=3)
    assert out.read_text() == "old" and os.listdir(full_disk) == ["out"]
