# SPDX-License-Identifier: Apache-2.0
"""End to end against Ultralytics 8.4.190: its weights on bccd, its numbers. Skips where they are not."""
import json
from pathlib import Path

import pytest
from cell_detector import SOURCE, run

SHARED = (SOURCE / "../shared").resolve()
RUN = SHARED / "parity/bccd-run"
BCCD = SHARED / "data/bccd"
pytestmark = pytest.mark.skipif(not RUN.exists(), reason=f"the parity vectors are not here: {RUN}")


@pytest.fixture(scope="module")
def expected():
    return json.loads((RUN / "val-seed0.json").read_text())


@pytest.mark.parametrize("rect", [True, False])
def test_val(expected, rect):
    result = run("yolotrain-val", "--weights", RUN / "best-seed0.pt", "--data", BCCD / "data.yaml", "--imgsz", 320,
                 "--batch", 16, "--rect" if rect else "--no-rect", "--format", "json", "--quiet", timeout=400)
    assert result.returncode == 0, result.stderr
    report, reference = json.loads(result.stdout), expected["val"][f"rect={rect}"]
    assert (report["images"], report["instances"]) == (87, 1138)
    for ours, theirs in (("mAP50", "mAP50"), ("mAP50-95", "mAP50_95"), ("precision", "P"), ("recall", "R")):
        assert report["metrics"][ours] == pytest.approx(reference[theirs], abs=2e-3), ours
    for row, ap50, ap in zip(report["classes"], reference["ap50"], reference["ap"], strict=True):
        assert row["mAP50"] == pytest.approx(ap50, abs=2e-3) and row["mAP50-95"] == pytest.approx(ap, abs=2e-3)


def test_predict(expected):
    result = run("yolotrain-predict", "--weights", RUN / "best-seed0.pt", BCCD / "images/val", "--imgsz", 320,
                 "--no-save", "--format", "json", "--quiet", timeout=400)
    assert result.returncode == 0, result.stderr
    images = {Path(image["path"]).name: image["boxes"] for image in json.loads(result.stdout)["images"]}
    assert images.keys() == expected["predict"].keys()
    assert sum(map(len, images.values())) == 1717
    for name, rows in expected["predict"].items():
        assert len(images[name]) == len(rows), name
        for box, (*corners, confidence, cls) in zip(images[name], rows):
            assert box["class"] == cls
            assert box["xyxy"] == pytest.approx(corners, abs=0.5)
            assert box["confidence"] == pytest.approx(confidence, abs=1e-3)
