# SPDX-License-Identifier: Apache-2.0
"""Files of ours in Ultralytics itself. $YOLO_ULTRALYTICS is a Python that has it (else: the one that runs this)."""
import json
import os
import re
import subprocess
import sys

import pytest
from cell_detector import SOURCE, png, run, write_weights

PYTHON = os.environ.get("YOLO_ULTRALYTICS", sys.executable)
BEST = (SOURCE / "../shared/parity/bccd-run/best-seed0.pt").resolve()
PICTURES = (SOURCE / "../shared/data/bccd/images/val").resolve()

# MODEL IMGSZ PICTURE…: names and boxes as JSON.
PREDICT = """
import json, sys
from ultralytics import YOLO
model = YOLO(sys.argv[1], task="detect")
boxes = {path: model.predict(path, imgsz=int(sys.argv[2]), conf=.25, iou=.7, device="cpu", verbose=False)[0]
         .boxes.data.tolist() for path in sys.argv[3:]}
print("RESULT" + json.dumps({"names": model.names, "boxes": boxes}))
"""


def has(*modules):
    code = f"import importlib.util as u; raise SystemExit(not all(map(u.find_spec, {modules!r})))"
    return subprocess.run([PYTHON, "-c", code], capture_output=True).returncode == 0


pytestmark = pytest.mark.skipif(not has("ultralytics"),
                                reason=f"{PYTHON} has no ultralytics; name one that has in $YOLO_ULTRALYTICS")


@pytest.fixture(params=["cells", "bccd"])
def case(tmp_path, request):
    """Weights of ours, the size to predict at, pictures."""
    if request.param == "bccd":
        if not BEST.exists():
            pytest.skip(f"the parity vectors are not here: {BEST}")
        source, imgsz, pictures = BEST, 320, sorted(PICTURES.iterdir())[:12]
    else:
        source, imgsz, pictures = write_weights(tmp_path / "cells.safetensors", imgsz=128), 128, []
        for size in ((96, 64), (64, 96), (128, 128)):
            pictures.append(tmp_path / f"{size[0]}x{size[1]}.png")
            pictures[-1].write_bytes(png(*size))
    weights = tmp_path / "best.safetensors"
    result = run("yolotrain-export", "--weights", source, "--format", "safetensors", "--output", weights)
    assert result.returncode == 0, result.stderr
    return weights, imgsz, pictures


def ultralytics(folder, *arguments):
    result = subprocess.run([PYTHON, *map(str, arguments)], cwd=folder, capture_output=True, timeout=200,
                            env={**os.environ, "YOLO_CONFIG_DIR": str(folder / "config"), "YOLO_OFFLINE": "true",
                                 "YOLO_AUTOINSTALL": "false"})
    assert result.returncode == 0, result.stderr.decode()
    return result.stdout.decode()


def expect_our_boxes(folder, model, weights, imgsz, pictures):
    theirs = json.loads(ultralytics(folder, "-c", PREDICT, model, imgsz, *pictures).split("RESULT")[1])
    result = run("yolotrain-predict", "--weights", weights, "--imgsz", imgsz, "--no-save", "--format", "json", *pictures)
    ours = json.loads(result.stdout)
    count = 0
    for image in ours["images"]:
        rows = theirs["boxes"][image["path"]]
        assert len(image["boxes"]) == len(rows), image["path"]
        # Boxes of equal confidence stand in any order.
        def place(xyxy, confidence):
            return [round(confidence, 3), *(round(v) for v in xyxy)]
        rows.sort(key=lambda row: place(row[:4], row[4]))
        for box, row in zip(sorted(image["boxes"], key=lambda b: place(b["xyxy"], b["confidence"])), rows):
            assert box["xyxy"] == pytest.approx(row[:4], abs=0.5)
            assert box["confidence"] == pytest.approx(row[4], abs=1e-3) and box["class"] == row[5]
            assert box["name"] == theirs["names"][str(box["class"])]
            count += 1
    assert count > 20


def test_the_lines_of_the_manual_make_a_checkpoint(tmp_path, case):
    if not has("safetensors"):
        pytest.skip(f"{PYTHON} has no safetensors")
    weights, imgsz, pictures = case
    (code,) = re.findall(r"```python\n(.*?)```", (SOURCE / "docs/weights.md").read_text(), re.S)
    ultralytics(tmp_path, "-c", code)
    expect_our_boxes(tmp_path, tmp_path / "best.pt", weights, imgsz, pictures)


@pytest.mark.parametrize("kind", ["onnx", "torchscript"])
def test_exports_run_as_they_are(tmp_path, case, kind):
    weights, imgsz, pictures = case
    out = tmp_path / f"model.{kind}"
    dynamic = ["--dynamic"] if kind == "onnx" else []
    result = run("yolotrain-export", "--weights", weights, "--format", kind, "--imgsz", imgsz, "--output", out, *dynamic)
    if b"libonnx-dev" in result.stderr:
        pytest.skip("this build has no ONNX")
    assert result.returncode == 0, result.stderr
    if kind == "onnx" and not has("onnx", "onnxruntime"):
        pytest.skip(f"{PYTHON} has no onnxruntime")
    expect_our_boxes(tmp_path, out, weights, imgsz, pictures)
