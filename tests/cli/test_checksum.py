# SPDX-License-Identifier: Apache-2.0
"""yolodata checksum: the manifest, sha256sum lists, and what --check tells."""
import hashlib
import json
import os
import subprocess

import jsonschema
import pytest

from small_dataset import BIN, SOURCE, SmallDataset, png, run


@pytest.fixture
def data(tmp_path):
    return SmallDataset(tmp_path / "set")


def manifest(data):
    return json.loads((data.root / "yolodata.sha256.json").read_text())


def test_manifest_and_digest(data):
    data.write("labels/val/lost.txt", b"")
    data.write("images/val/notes.md", b"no image")
    done = run("checksum", data.root)
    assert done.stdout == "" and "18 files" in done.stderr
    result = manifest(data)
    jsonschema.validate(result, json.loads((SOURCE / "schemas/manifest.schema.json").read_text()))
    paths = [f["path"] for f in result["files"]]
    assert paths == sorted(paths) and len(paths) == 18
    assert "labels/val/lost.txt" in paths and "data.yaml" in paths and "images/val/notes.md" not in paths
    digest = hashlib.sha256()
    for f in result["files"]:
        content = (data.root / f["path"]).read_bytes()
        stat = (data.root / f["path"]).stat()
        assert f["sha256"] == hashlib.sha256(content).hexdigest()
        assert (f["size"], f["mtime_ns"]) == (stat.st_size, stat.st_mtime_ns)
        digest.update(f["path"].encode() + b"\0" + f["sha256"].encode() + b"\n")
    assert result["digest"] == "sha256:" + digest.hexdigest()


def test_writing_twice_gives_the_same(data):
    run("checksum", data.root, "--quiet", "--jobs", "1")
    first = (data.root / "yolodata.sha256.json").read_bytes()
    run("checksum", data.config, "--quiet", "--jobs", "8")
    assert (data.root / "yolodata.sha256.json").read_bytes() == first
    assert [p.name for p in data.root.iterdir() if p.name.startswith(".")] == []


def test_output(data, tmp_path):
    run("checksum", data.root, "--output", tmp_path / "m.json")
    assert not (data.root / "yolodata.sha256.json").exists()
    assert json.loads((tmp_path / "m.json").read_text())["schema"] == "yolodata.manifest/1"
    assert json.loads(run("checksum", data.root, "--output=-", "--quiet").stdout)["schema"] == "yolodata.manifest/1"
    run("checksum", data.root, "--output", tmp_path / "absent/m.json", code=3)


def test_check_tells_what_happened(data):
    run("checksum", data.root)
    done = run("checksum", data.root, "--check")
    assert done.stdout == "17 files listed, 17 here, 0 differ\n"
    label = data.root / "labels/train/t0.txt"
    stat = label.stat()
    label.write_bytes(label.read_bytes().replace(b"0.4", b"0.3"))
    os.utime(label, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    data.write("labels/train/t1.txt", b"0 0.5 0.5 0.1 0.1\n0 0.2 0.2 0.1 0.1\n")
    (data.root / "images/train/t2.png").unlink()
    data.write("images/train/new.png", png(50))
    lines = run("checksum", data.root, "--check", code=1).stdout.splitlines()
    assert [line.split(":")[0] for line in lines[:-1]] == [
        "warning checksum/added images/train/new.png",
        "error checksum/missing images/train/t2.png",
        "error checksum/bit-rot labels/train/t0.txt",
        "error checksum/changed labels/train/t1.txt"]


def test_added_files_alone_do_not_fail(data):
    run("checksum", data.root)
    data.write("images/train/new.png", png(50))
    assert "checksum/added" in run("checksum", data.root, "--check", code=0).stdout


def test_damaged_manifest(data):
    run("checksum", data.root)
    path = data.root / "yolodata.sha256.json"
    path.write_text(path.read_text().replace("labels/train/t0.txt", "labels/train/t9.txt"))
    assert "checksum/manifest-invalid" in run("checksum", data.root, "--check", code=1).stdout
    path.unlink()
    run("checksum", data.root, "--check", code=3)


def test_sha256sum_accepts_and_is_accepted(data):
    data.write("images/val/back\\slash.png", png(60))
    data.write("images/val/new\nline.png", png(61))
    data.write(b"images/val/\xff.png", png(62))
    data.write(b"images/val/\\x41\xff.png", png(63))
    run("checksum", data.root, "--quiet")
    assert "0 differ" in run("checksum", data.root, "--check").stdout
    (data.root / "yolodata.sha256.json").unlink()
    listed = subprocess.run([BIN / "yolodata", "checksum", data.root, "--format", "sha256sum", "--quiet"],
                            capture_output=True, check=True).stdout
    checked = subprocess.run(["sha256sum", "--strict", "--quiet", "-c"], input=listed, cwd=data.root, capture_output=True)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")

    files = sorted(os.path.relpath(os.path.join(folder, name), os.fsencode(data.root))
                   for folder, _, names in os.walk(os.fsencode(data.root)) for name in names)
    by_sha256sum = subprocess.run(["sha256sum", "-b", *files], cwd=data.root, capture_output=True, check=True).stdout
    sums = data.root.parent / "sums"
    sums.write_bytes(by_sha256sum)
    assert "0 differ" in run("checksum", data.root, f"--check={sums}").stdout
    upper = b"".join(line[:65].upper() + line[65:].replace(b"\n", b"\r\n") if not line.startswith(b"\\") else line
                     for line in by_sha256sum.splitlines(keepends=True))
    sums.write_bytes(upper)
    assert "0 differ" in run("checksum", data.root, f"--check={sums}").stdout
    data.write("labels/val/v0.txt", b"changed")
    assert "checksum/changed labels/val/v0.txt" in run("checksum", data.root, f"--check={sums}", code=1).stdout


def test_what_cannot_be_read_is_no_whole_manifest(data):
    os.symlink("nowhere", data.root / "images/train/dangling.png")
    done = run("checksum", data.root, code=3)
    assert "images/train/dangling.png" in done.stderr


def test_a_config_that_does_not_parse(data):
    data.config.write_text("names: [a\n")
    run("checksum", data.root, code=3)
