# SPDX-License-Identifier: Apache-2.0
"""yolotrain val: the real executable on weights whose answer is known."""
import json

import jsonschema
import pytest
from cell_detector import FOUR_CELLS, SCHEMAS, run, write_dataset, write_weights


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return write_weights(tmp_path_factory.mktemp("weights") / "cells.safetensors")


def val(*arguments, **options):
    return run("yolotrain-val", *arguments, **options)


def report_of(result):
    assert result.returncode == 0, result.stderr.decode()
    assert b"NaN" not in result.stdout
    report = json.loads(result.stdout)
    jsonschema.validate(report, json.loads((SCHEMAS / "val.schema.json").read_text()))
    return report


def test_perfect_detector(tmp_path, weights):
    data = write_dataset(tmp_path, [FOUR_CELLS, FOUR_CELLS, FOUR_CELLS])
    report = report_of(val("--weights", weights, "--data", data, "--no-rect", "--format", "json", "--quiet"))
    assert report["weights"] == "cells.safetensors" and report["data"] == "data.yaml"
    assert (report["imgsz"], report["rect"], report["images"], report["instances"]) == (64, False, 3, 12)
    assert report["metrics"]["mAP50"] == pytest.approx(0.995)
    assert report["metrics"]["mAP50-95"] == pytest.approx(0.995)
    assert report["metrics"]["precision"] == pytest.approx(1)
    assert [(c["class"], c["name"], c["images"], c["instances"]) for c in report["classes"]] == [(0, "cell", 3, 12)]
    assert report["left_out"] == []


def test_rect_is_the_default_and_pads(tmp_path, weights):
    data = write_dataset(tmp_path, [FOUR_CELLS])
    # 64 px become 96: the picture lies from 16 to 80, so that no cell is one of the labelled quarters.
    report = report_of(val(f"weights={weights}", f"data={data}", "format=json"))
    assert report["rect"] is True
    assert report["metrics"]["mAP50"] < 0.01


def test_confusion_curves_and_cocos_numbers(tmp_path, weights):
    data = write_dataset(tmp_path, [FOUR_CELLS, FOUR_CELLS, None])
    curves = tmp_path / "curves.json"
    report = report_of(val("--weights", weights, "--data", data, "--no-rect", "--format", "json", "--coco",
                           "--curves", curves, "--quiet"))
    # Every cell found; in the picture without labels each of them is a false alarm.
    assert report["confusion_matrix"] == [[8, 0, 4], [0, 0, 0], [0, 0, 0]]
    coco = report["coco"]
    assert (coco["AR100"], coco["AR1"], coco["AP_large"]) == (1, 0.25, None)
    # All are equally confident, so that they keep the pictures' order: the false alarms come last.
    assert coco["AP"] == coco["AP50"] == coco["AP75"] == 1
    written = json.loads(curves.read_text())
    jsonschema.validate(written, json.loads((SCHEMAS / "curves.schema.json").read_text()))
    assert [len(written["classes"][0][k]) for k in ("precision", "recall", "f1", "precision_at_recall")] == [1000] * 4
    plain = val("--weights", weights, "--data", data, "--no-rect", "--coco")
    assert b"AP_small" in plain.stdout and b"AP_large  -" in plain.stdout
    assert "coco" not in report_of(val("--weights", weights, "--data", data, "--format", "json"))


def test_background_pictures_count_and_cost_precision(tmp_path, weights):
    data = write_dataset(tmp_path, [FOUR_CELLS, None, ""])
    report = report_of(val("--weights", weights, "--data", data, "--no-rect", "--format", "json"))
    assert (report["images"], report["instances"]) == (3, 4)
    assert report["classes"][0]["images"] == 1
    assert report["metrics"]["precision"] == pytest.approx(1 / 3)
    assert report["metrics"]["recall"] == pytest.approx(1)


def test_table(tmp_path, weights):
    data = write_dataset(tmp_path, [FOUR_CELLS, FOUR_CELLS + "1 0.5 0.5 0.25 0.25\n"])
    result = val("--weights", weights, "--data", data, "--no-rect")
    assert result.returncode == 0
    lines = [line.split() for line in result.stdout.decode().splitlines()]
    assert lines[0] == ["Class", "Images", "Instances", "Box(P", "R", "mAP50", "mAP50-95)"]
    assert lines[1][:3] == ["all", "2", "9"]
    assert lines[2][:3] == ["cell", "2", "8"] and lines[2][5] == "0.995"
    assert lines[3][:3] == ["other", "1", "1"] and lines[3][5] == "0.000"
    assert b"inference" in result.stderr


def test_a_split_without_boxes_measures_nothing(tmp_path, weights):
    data = write_dataset(tmp_path, [None, ""])
    result = val("--weights", weights, "--data", data, "--format", "json", "--quiet")
    report = report_of(result)
    assert set(report["metrics"].values()) == {None}
    assert report["classes"] == [] and report["images"] == 2
    assert b"no box" in result.stderr
    table = val("--weights", weights, "--data", data)
    assert table.stdout.decode().splitlines()[1].split() == ["all", "2", "0", "-", "-", "-", "-"]


def test_unusable_pictures_are_left_out_and_named(tmp_path, weights):
    data = write_dataset(tmp_path, [FOUR_CELLS, FOUR_CELLS, "0 0.5 0.5 7 0.5\n", FOUR_CELLS])
    picture = tmp_path / "images/val/p1.png"
    picture.write_bytes(picture.read_bytes()[:-40])
    result = val("--weights", weights, "--data", data, "--no-rect", "--format", "json")
    report = report_of(result)
    assert report["left_out"] == ["images/val/p1.png", "images/val/p2.png"]
    assert (report["images"], report["instances"]) == (2, 8)
    assert b"images/val/p1.png" in result.stderr


def test_nothing_is_written(tmp_path, weights):
    data = write_dataset(tmp_path, [FOUR_CELLS])
    before = sorted((p, p.stat().st_mtime_ns) for p in tmp_path.rglob("*"))
    assert val("--weights", weights, "--data", data, cwd=tmp_path).returncode == 0
    assert sorted((p, p.stat().st_mtime_ns) for p in tmp_path.rglob("*")) == before


def test_shards_give_the_same_as_the_dataset(tmp_path, weights):
    data = write_dataset(tmp_path / "data", [FOUR_CELLS, FOUR_CELLS.replace("0.5 0.5\n", "0.4 0.45\n"), None])
    packed = run("yolodata-pack", data, tmp_path / "shards", "--imgsz", 64)
    assert packed.returncode == 0, packed.stderr.decode()
    reports = [report_of(val("--weights", weights, "--data", d, "--no-rect", "--format", "json", "--workers", w))
               for d, w in ((data, 1), (tmp_path / "shards", 0), (tmp_path / "shards", 3))]
    for key in ("images", "instances", "metrics", "classes"):
        assert reports[0][key] == reports[1][key] == reports[2][key]
    assert reports[1]["data"] == "shards"
    assert 0 < reports[0]["metrics"]["mAP50-95"] < 0.995


def test_a_damaged_record_is_left_out_and_named(tmp_path, weights):
    data = write_dataset(tmp_path / "data", [FOUR_CELLS, FOUR_CELLS, FOUR_CELLS])
    assert run("yolodata-pack", data, tmp_path / "shards", "--imgsz", 64).returncode == 0
    shard = next((tmp_path / "shards").glob("val-*.yds"))
    content = bytearray(shard.read_bytes())
    pixels = content.find(bytes((40, 50, 85)) * 8)  # of p1.png, its darker half
    assert pixels > 0
    content[pixels + 5] ^= 0x40
    shard.write_bytes(content)
    result = val("--weights", weights, "--data", tmp_path / "shards", "--no-rect", "--format", "json")
    report = report_of(result)
    assert report["left_out"] == ["images/val/p1.png"]
    assert report["images"] == 2
    assert b"p1.png" in result.stderr


@pytest.mark.parametrize("names", [("cell", "Other"), ("cell",), ("cell", "other", "third")])
def test_names_that_differ_are_refused(tmp_path, weights, names):
    data = write_dataset(tmp_path, [FOUR_CELLS], names=names)
    result = val("--weights", weights, "--data", data)
    assert result.returncode == 2
    assert result.stdout == b""
    for name in ("cell", "other", *names):
        assert name.encode() in result.stderr
    assert str(len(names)).encode() in result.stderr


def test_a_number_of_classes_without_names(tmp_path, weights):
    data = write_dataset(tmp_path, [FOUR_CELLS])
    text = data.read_text().split("names:")[0]
    data.write_text(text + "nc: 2\n")
    assert report_of(val("--weights", weights, "--data", data, "--format", "json"))["classes"][0]["name"] == "cell"
    data.write_text(text + "nc: 3\n")
    result = val("--weights", weights, "--data", data)
    assert result.returncode == 2 and b"3 classes" in result.stderr and b"2 classes" in result.stderr


def test_output_goes_to_a_file(tmp_path, weights):
    data = write_dataset(tmp_path, [FOUR_CELLS])
    out = tmp_path / "report.json"
    result = val("--weights", weights, "--data", data, "--format", "json", "--output", out)
    assert (result.returncode, result.stdout) == (0, b"")
    assert json.loads(out.read_text())["schema"] == "yolotrain.val/1"


@pytest.mark.parametrize("arguments", [
    [], ["--weights", "w"], ["--data", "d"], ["--weights", "w", "--data", "d", "--conf", "2"],
    ["--weights", "w", "--data", "d", "--batch", "0"], ["--weights", "w", "--data", "d", "--format", "xml"],
    ["--weights", "w", "--data", "d", "--max-dets", "3"], ["--weights", "w", "--data", "d", "--conf", "nan"]])
def test_wrong_command_lines(arguments):
    result = val(*arguments)
    assert result.returncode == 2 and result.stdout == b"" and result.stderr.startswith(b"yolotrain val: ")


def test_what_is_not_there_or_damaged(tmp_path, weights):
    data = write_dataset(tmp_path, [FOUR_CELLS])
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(weights.read_bytes()[:100000])
    spoilt = write_weights(tmp_path / "nan.safetensors", spoil="model.5.conv.weight")
    empty = write_dataset(tmp_path / "empty", [])
    for w, d, more, word in ((tmp_path / "none.safetensors", data, [], b"none.safetensors"),
                             (broken, data, [], b"broken.safetensors"),
                             (spoilt, data, [], b"model.5.conv.weight"),
                             (weights, tmp_path / "none.yaml", [], b"none.yaml"),
                             (weights, data, ["--split", "tset"], b"train, val"),
                             (weights, empty, [], b"val")):
        result = val("--weights", w, "--data", d, *more)
        assert result.returncode == 3, result.stderr
        assert word in result.stderr and result.stdout == b""


def test_an_odd_size_is_rounded_and_said(tmp_path, weights):
    data = write_dataset(tmp_path, [FOUR_CELLS])
    result = val("--weights", weights, "--data", data, "--imgsz", 70, "--format", "json")
    assert report_of(result)["imgsz"] == 96
    assert b"96" in result.stderr
