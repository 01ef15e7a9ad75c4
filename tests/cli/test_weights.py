# SPDX-License-Identifier: Apache-2.0
"""Weights files of every kind, given to the real val, predict and fit."""
import json
import math
import sys

import numpy as np
import pytest
from cell_detector import FOUR_CELLS, SOURCE, png, run, shapes, value, write_dataset, write_weights

sys.path.insert(0, str(SOURCE / "tests/vectors/pt"))
import make_pt  # noqa: E402


class Numbers(make_pt.Storage):
    """A storage of a NumPy array."""

    def __init__(self, array):
        codes = {"f4": "f", "f2": "e", "i8": "q"}
        self.code, self.elements, self.bytes = codes[array.dtype.str[1:]], array.size, array.tobytes()


def state_dict(half=False, spoil=None, leave_out=()):
    tensors = {}
    for name, shape in shapes(2):
        array = value(name, shape, 0.9)
        if name in leave_out:
            continue
        if name == spoil:
            array.flat[0] = np.inf
        if half and array.dtype.kind == "f":
            array = array.astype("<f2")
        tensors[name] = make_pt.tensor(Numbers(array), shape)
    return tensors


def module_of(tensors):
    """Modules named as the keys say, as in a checkpoint of Ultralytics."""
    parts = {}
    for name, tensor in tensors.items():
        head, _, rest = name.partition(".")
        if rest:
            parts.setdefault(head, {})[rest] = tensor
    own = {name: tensor for name, tensor in tensors.items() if "." not in name}
    return make_pt.module("torch.nn.modules.module.Module", own,
                          children={name: module_of(part) for name, part in parts.items()})


def checkpoint(path, **options):
    model = module_of(state_dict(half=True, **options))
    model.names = {0: "cell", 1: "other"}
    make_pt.save(path, {"epoch": 1, "model": None, "ema": model, "train_args": {"imgsz": 64, "task": "detect"}})
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    make_pt.save(folder / "plain.pt", state_dict())
    return {"safetensors": write_weights(folder / "w.safetensors"), "plain": folder / "plain.pt",
            "checkpoint": checkpoint(folder / "ckpt.pt")}


def test_every_kind_measures_the_same(tmp_path, files):
    data = write_dataset(tmp_path, [FOUR_CELLS, FOUR_CELLS])
    reports = {}
    for kind, path in files.items():
        result = run("yolotrain-val", "--weights", path, "--data", data, "--imgsz", 64, "--no-rect", "--format", "json")
        assert result.returncode == 0, result.stderr
        reports[kind] = json.loads(result.stdout)
    assert reports["safetensors"]["metrics"]["mAP50"] == pytest.approx(0.995)
    for kind in ("plain", "checkpoint"):
        assert reports[kind]["metrics"] == reports["safetensors"]["metrics"]
    # A checkpoint carries names and size, a plain state_dict neither.
    assert reports["checkpoint"]["classes"][0]["name"] == "cell"


def test_predict_takes_a_checkpoint(tmp_path, files):
    (tmp_path / "a.png").write_bytes(png(64, 64))
    lines = [run("yolotrain-predict", "--weights", files[kind], "a.png", "--no-save", "--format", "json", cwd=tmp_path)
             for kind in ("safetensors", "checkpoint")]
    first, second = (json.loads(line.stdout)["images"][0]["boxes"] for line in lines)
    assert len(first) == 4
    for a, b in zip(first, second):
        assert a["xyxy"] == b["xyxy"] and a["name"] == b["name"] == "cell"
        assert math.isclose(a["confidence"], b["confidence"], abs_tol=1e-3)


def fit(folder, data, weights, *more):
    return run("yolotrain-fit", "--data", data, "--weights", weights, "--epochs", 1, "--imgsz", 64, "--batch", 2,
               "--threads", 1, "--workers", 1, "--project", folder / "runs", "--shards", folder / "shards", *more)


def test_fit_starts_from_what_fits(tmp_path, files):
    data = write_dataset(tmp_path / "set", [FOUR_CELLS])
    result = fit(tmp_path, data, files["checkpoint"])
    assert result.returncode == 0, result.stderr
    assert b"transferred 355/355" in result.stderr
    part = tmp_path / "part.pt"
    make_pt.save(part, state_dict(leave_out={"model.1.conv.weight", "model.22.cv3.0.2.bias"}))
    result = fit(tmp_path, data, part)
    assert b"transferred 353/355" in result.stderr
    other = write_dataset(tmp_path / "other", [FOUR_CELLS], names=("a", "b", "c"))
    result = fit(tmp_path / "x", other, files["plain"])
    assert b"transferred 349/355" in result.stderr  # but the last layer of each level


@pytest.mark.parametrize("command", ["val", "fit", "predict"])
def test_what_is_refused_is_named(tmp_path, command):
    data = write_dataset(tmp_path, [FOUR_CELLS])
    vectors = SOURCE / "tests/vectors/pt"
    spoilt = checkpoint(tmp_path / "inf.pt", spoil="model.5.conv.weight")
    cut = tmp_path / "cut.pt"
    cut.write_bytes(spoilt.read_bytes()[:-1000])
    arguments = [data.parent / "images/val/p0.png"] if command == "predict" else ["--data", data]
    for weights, words in ((vectors / "runs-code.pt", ["posix.system", "run code"]),
                           (spoilt, ["model.5.conv.weight", "infinity"]), (cut, ["truncated"]),
                           (vectors / "checkpoint.pt", ["tiny.yaml"]), (vectors / "program.pt", ["TorchScript"])):
        result = run(f"yolotrain-{command}", "--weights", weights, *arguments, cwd=tmp_path)
        assert result.returncode == 3, result.stderr
        for word in [weights.name, *words]:
            assert word in result.stderr.decode(), result.stderr
    assert not (tmp_path / "runs").exists()
    assert not (vectors / "hostile").exists() and not (tmp_path / "hostile").exists()
