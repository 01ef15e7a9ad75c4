# SPDX-License-Identifier: Apache-2.0
"""yolotrain export: the files that it writes, and what it refuses. Numbers: tests/unit/libtrain/export."""
import ast
import json
import struct
import zipfile

import pytest
from cell_detector import FOUR_CELLS, run, write_dataset, write_weights


@pytest.fixture
def weights(tmp_path):
    return write_weights(tmp_path / "cells.safetensors")


def export(*arguments, **options):
    return run("yolotrain-export", *arguments, **options)


def header(path):
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8:8 + size])


def test_safetensors_measure_the_same(tmp_path, weights):
    out = tmp_path / "half.safetensors"
    assert export("--weights", weights, "--format", "safetensors", "--half", "--output", out).returncode == 0
    facts = header(out)["__metadata__"]
    assert ast.literal_eval(facts["names"]) == {0: "cell", 1: "other"}
    assert (facts["imgsz"], facts["stride"], facts["task"]) == ("[64, 64]", "32", "detect")
    assert facts["weights_digest"].startswith("sha256:") and facts["digest"].startswith("sha256:")
    assert out.stat().st_size < 0.52 * weights.stat().st_size
    data = write_dataset(tmp_path, [FOUR_CELLS])
    result = run("yolotrain-val", "--weights", out, "--data", data, "--no-rect", "--format", "json", "--quiet")
    assert json.loads(result.stdout)["metrics"]["mAP50-95"] == pytest.approx(0.995)


def test_torchscript_stands_beside_the_weights(tmp_path, weights):
    result = export(f"weights={weights}", "format=torchscript", "simplify=True")
    assert result.returncode == 0, result.stderr
    assert b"simplify" in result.stderr and result.stdout == b""
    with zipfile.ZipFile(tmp_path / "cells.torchscript") as archive:
        (config,) = [name for name in archive.namelist() if name.endswith("extra/config.txt")]
        assert json.loads(archive.read(config))["names"] == "{0: 'cell', 1: 'other'}"
    # It is a program, and not read back.
    result = run("yolotrain-val", "--weights", tmp_path / "cells.torchscript", "--data", "d")
    assert result.returncode == 3 and b"TorchScript" in result.stderr


def test_onnx_is_written_or_its_packages_are_named(tmp_path, weights):
    out = tmp_path / "w.onnx"
    result = export("--weights", weights, "--format", "onnx", "--imgsz", 96, "--output", out)
    if result.returncode == 3:
        assert b"libonnx-dev" in result.stderr and not out.exists()
        pytest.skip("this build has no ONNX")
    assert result.returncode == 0, result.stderr
    content = out.read_bytes()
    for word in (b"images", b"output0", b"{0: 'cell', 1: 'other'}", b"[96, 96]", b"weights_digest"):
        assert word in content
    # A second one replaces it as a whole; nothing else is left behind.
    assert export("--weights", weights, "--format", "onnx", "--imgsz", 96, "--output", out).returncode == 0
    assert out.read_bytes() == content
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cells.safetensors", "w.onnx"]


@pytest.mark.parametrize("arguments, word", [
    (["--format", "onnx"], "--weights"), (["--weights", "w"], "--format"),
    (["--weights", "w", "--format", "tflite"], "torchscript"),
    (["--weights", "w", "--format", "onnx", "--opset", "11"], "12"),
    (["--weights", "w", "--format", "torchscript", "--nms"], "onnx"),
    (["--weights", "w", "--format", "safetensors", "--dynamic"], "onnx")])
def test_wrong_command_lines(arguments, word):
    result = export(*arguments)
    assert result.returncode == 2 and word in result.stderr.decode()


def test_the_weights_are_never_replaced(weights):
    before = weights.read_bytes()
    result = export("--weights", weights, "--format", "safetensors")
    assert result.returncode == 2 and b"--output" in result.stderr
    assert weights.read_bytes() == before


def test_what_cannot_be_read_or_written(tmp_path, weights):
    spoilt = write_weights(tmp_path / "nan.safetensors", spoil="model.5.conv.weight")
    for w, out, word in ((tmp_path / "none.pt", tmp_path / "o", "none.pt"), (spoilt, tmp_path / "o", "model.5.conv"),
                         (weights, tmp_path / "no/folder/o", "no/folder")):
        result = export("--weights", w, "--format", "torchscript", "--output", out)
        assert result.returncode == 3 and word in result.stderr.decode(), result.stderr
        assert not out.exists()
