# SPDX-License-Identifier: Apache-2.0
"""yolotrain predict: the real executable on weights whose answer is known."""
import json
import os

import jsonschema
import pytest
from cell_detector import SCHEMAS, SOURCE, png, png_size, run, write_weights

SCHEMA = json.loads((SCHEMAS / "predict.schema.json").read_text())


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return write_weights(tmp_path_factory.mktemp("weights") / "cells.safetensors")


@pytest.fixture
def predict(weights):
    def call(*arguments, cwd, stdin=""):
        return run("yolotrain-predict", "--weights", weights, *arguments, cwd=cwd, stdin=stdin)
    return call


def report_of(result, code=0):
    assert result.returncode == code, result.stderr.decode()
    report = json.loads(result.stdout)
    jsonschema.validate(report, SCHEMA)
    return report


def saved(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_boxes_in_source_pixels(tmp_path, predict):
    (tmp_path / "a.png").write_bytes(png(128, 96))  # half size in 64 x 64: 8 px of padding above and below
    report = report_of(predict("a.png", "--format", "json", "--no-save", cwd=tmp_path))
    assert (report["imgsz"], report["conf"], report["iou"]) == (64, 0.25, 0.7)
    image = report["images"][0]
    assert (image["path"], image["width"], image["height"]) == ("a.png", 128, 96)
    assert [b["xyxy"] for b in image["boxes"]] == [[0, 0, 64, 48], [64, 0, 128, 48], [0, 48, 64, 96],
                                                   [64, 48, 128, 96]]
    assert {(b["class"], b["name"], b["confidence"]) for b in image["boxes"]} == {(0, "cell", 0.9)}
    assert not (tmp_path / "runs").exists()


def test_saves_pictures_by_default(tmp_path, predict):
    (tmp_path / "a.png").write_bytes(png(128, 96))
    result = predict("a.png", cwd=tmp_path)
    assert result.returncode == 0
    assert result.stdout.decode() == "a.png  128x96  4 boxes: 4 cell\n"
    assert b"runs/predict" in result.stderr
    assert saved(tmp_path / "runs") == ["predict/a.png"]
    assert png_size(tmp_path / "runs/predict/a.png") == (128, 96)
    assert (tmp_path / "runs/predict/a.png").read_bytes() != (tmp_path / "a.png").read_bytes()


def test_label_files(tmp_path, predict):
    (tmp_path / "a.png").write_bytes(png(128, 96))
    (tmp_path / "b.png").write_bytes(png(128, 96))
    assert predict("a.png", "--no-save", "--save-txt", cwd=tmp_path).returncode == 0
    rows = (tmp_path / "runs/predict/labels/a.txt").read_text().splitlines()
    assert rows[0].split() == ["0", "0.250000", "0.250000", "0.500000", "0.500000"] and len(rows) == 4
    assert saved(tmp_path / "runs") == ["predict/labels/a.txt"]
    assert predict("b.png", "save_txt=True", "save_conf=True", "classes=1", "conf=0.1", cwd=tmp_path).returncode == 0
    assert (tmp_path / "runs/predict-2/labels/b.txt").read_text() == ""
    assert predict("b.png", "save_txt=True", "save_conf=True", "name=predict-2", "--exist-ok",
                   cwd=tmp_path).returncode == 0
    assert (tmp_path / "runs/predict-2/labels/b.txt").read_text().split()[5] == "0.900000"
    assert sorted(os.listdir(tmp_path / "runs")) == ["predict", "predict-2"]


def test_options_reach_the_network(tmp_path, predict):
    (tmp_path / "a.png").write_bytes(png(64, 64))
    count = lambda *a: len(report_of(predict("a.png", "--format", "json", "--no-save", *a, cwd=tmp_path))
                           ["images"][0]["boxes"])
    assert count() == 4
    assert count("--max-det", 3) == 3
    assert count("--conf", 0.95) == 0
    assert count("--classes", "1") == 0
    assert count("--classes", "0,1") == 4
    assert count("--imgsz", 128) == 16
    assert predict("a.png", "--classes", "2", cwd=tmp_path).returncode == 2
    assert predict("a.png", "--classes", "x", cwd=tmp_path).returncode == 2


def test_every_kind_of_source_each_picture_once(tmp_path, predict):
    for name in ("p/b.png", "p/a.PNG", "p/sub/z.png", "q/c.png", "d.png", "with space.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(png(64, 64))
    (tmp_path / "p/notes.md").write_text("no picture")
    (tmp_path / "q/list.txt").write_text("c.png\r\n\nd.png\n")
    paths = lambda *a, stdin="": [i["path"] for i in report_of(
        predict(*a, "--format", "json", "--no-save", cwd=tmp_path, stdin=stdin))["images"]]
    assert paths("p") == ["p/a.PNG", "p/b.png"]
    assert paths("d.png", "p", "./d.png") == ["d.png", "p/a.PNG", "p/b.png"]
    assert paths("p/*") == ["p/a.PNG", "p/b.png"]
    assert paths("?/[bc].png") == ["p/b.png", "q/c.png"]
    assert paths("q/list.txt") == paths("@q/list.txt") == ["q/c.png", "d.png"]
    assert paths("-", stdin="with space.png\nd.png\n") == ["with space.png", "d.png"]


def test_unreadable_pictures_are_named_and_the_rest_is_done(tmp_path, predict):
    (tmp_path / "a.png").write_bytes(png(64, 64))
    (tmp_path / "cut.png").write_bytes(png(64, 64)[:-30])
    (tmp_path / "text.jpg").write_text("no picture")
    result = predict("cut.png", "a.png", "text.jpg", "gone.png", "--format", "json", cwd=tmp_path)
    report = report_of(result, code=1)
    assert [i["path"] for i in report["images"]] == ["a.png"]
    assert [u["path"] for u in report["unreadable"]] == ["cut.png", "text.jpg", "gone.png"]
    for name in (b"cut.png", b"text.jpg", b"gone.png"):
        assert name in result.stderr
    assert saved(tmp_path / "runs") == ["predict/a.png"]


def test_no_picture_at_all(tmp_path, predict):
    (tmp_path / "cut.png").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    for sources in (["cut.png"], ["gone.png"], ["empty"], ["*.jpg"]):
        result = predict(*sources, "--format", "json", cwd=tmp_path)
        assert result.returncode == 3 and result.stdout == b"" and result.stderr
    assert not (tmp_path / "runs").exists()


def test_json_lines_stand_alone(tmp_path, predict):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(png(64, 64))
    result = predict("a.png", "b.png", "--format", "jsonl", "--no-save", "--output", "boxes.jsonl", cwd=tmp_path)
    assert result.returncode == 0 and result.stdout == b""
    lines = (tmp_path / "boxes.jsonl").read_text().splitlines()
    assert [json.loads(line)["path"] for line in lines] == ["a.png", "b.png"]
    for line in lines:
        jsonschema.validate(json.loads(line), {"$ref": "#/$defs/image", "$defs": SCHEMA["$defs"]})


def test_equal_names_never_overwrite_each_other(tmp_path, predict):
    names = ["x/cam1/img/a.png", "x/cam2/img/a.png", "x/cam2/img/b.png", "y/b.jpg", "c.png"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(png(64, 64))
    (tmp_path / "c.bmp").write_bytes(png(64, 64))  # content decides; the result is a JPEG
    assert predict(*names, "c.bmp", "--save-txt", cwd=tmp_path).returncode == 0
    assert saved(tmp_path / "runs/predict") == [
        "b.jpg", "b.png", "c.bmp.jpg", "c.png", "cam1/a.png", "cam2/a.png", "labels/b.jpg.txt", "labels/b.png.txt",
        "labels/c.bmp.txt", "labels/c.png.txt", "labels/cam1/a.txt", "labels/cam2/a.txt"]
    assert (tmp_path / "runs/predict/c.bmp.jpg").read_bytes()[:2] == b"\xff\xd8"


def test_exif_orientation_is_applied(tmp_path, predict):
    source = next((SOURCE / "samples/bccd/images/val").glob("*.jpg")).read_bytes()
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    (tmp_path / "plain.jpg").write_bytes(source)
    (tmp_path / "turned.jpg").write_bytes(source[:2] + segment + source[2:])
    images = report_of(predict("plain.jpg", "turned.jpg", "--format", "json", "--no-save", cwd=tmp_path))["images"]
    assert (images[0]["width"], images[0]["height"]) == (images[1]["height"], images[1]["width"])
    assert images[0]["width"] != images[0]["height"]


def test_a_name_that_is_not_utf8(tmp_path, predict):
    name = os.fsencode(tmp_path) + b"/caf\xe9.png"
    with open(name, "wb") as f:
        f.write(png(64, 64))
    image = report_of(predict(tmp_path, "--format", "json", cwd=tmp_path))["images"][0]
    assert image["path"].endswith("caf\\xe9.png") and image["path_escaped"] is True
    assert os.path.exists(os.fsencode(tmp_path) + b"/runs/predict/caf\xe9.png")


def test_wrong_command_lines(tmp_path, predict):
    assert predict(cwd=tmp_path).returncode == 2
    assert predict("a.png", "--iou", "1.5", cwd=tmp_path).returncode == 2
    assert run("yolotrain-predict", "a.png").returncode == 2
