# SPDX-License-Identifier: Apache-2.0
"""yolodata stats: its counts against an independent count of the labels, and its three forms."""
import collections
import json
import math
import os

import jsonschema
import pytest

from page import Page, in_browser
from small_dataset import SOURCE, SmallDataset, png, run, snapshot

BCCD = SOURCE / "samples/bccd"


@pytest.fixture
def data(tmp_path):
    """64 × 48 pictures; a background, a picture that cannot be used, one of another size, one class unused in val."""
    data = SmallDataset(tmp_path / "set")
    data.write("images/train/empty.png", png(20))
    data.write("labels/train/empty.txt", b"")
    data.write("images/train/bad.png", png(21))
    data.write("labels/train/bad.txt", b"0 0.5 0.5 0.1 0.1\n9 0.5 0.5 0.1 0.1\n")
    data.write("images/val/wide.png", png(22, 200, 20))
    data.write("labels/val/wide.txt", b"0 0.99 0.01 0.02 0.02\n0 0.99 0.01 0.02 0.02\n1 0.25 0.75 0.5 0.5\n")
    return data


def stats(path, *args, **kwargs):
    done = run("stats", path, "--format", "json", *args, **kwargs)
    assert done.stderr == ""
    result = json.loads(done.stdout)
    jsonschema.validate(result, json.loads((SOURCE / "schemas/stats.schema.json").read_text()))
    return result


def test_counts(data):
    before = snapshot(data.root)
    result = stats(data.config)
    assert snapshot(data.root) == before, "stats wrote into the dataset"
    total, (train, val) = result["total"], result["splits"]
    assert [s["name"] for s in (train, val)] == ["train", "val"]
    assert (total["images"], total["backgrounds"], total["unusable_images"], total["boxes"]) == (11, 1, 1, 10)
    assert (train["images"], train["boxes"], val["images"], val["boxes"]) == (8, 6, 3, 4)
    # The doubled row counts once, the dropped picture not at all.
    assert [(c["name"], c["boxes"], c["images"]) for c in total["classes"]] == [("cat", 4, 4), ("dog", 4, 4), ("bird", 2, 2)]
    assert [(c["boxes"], c["images"]) for c in val["classes"]] == [(2, 2), (2, 2), (0, 0)]
    assert total["boxes_per_image"] == [{"boxes": 0, "images": 1}, {"boxes": 1, "images": 8}, {"boxes": 2, "images": 1}]
    assert total["image_sizes"] == {"distinct": 2, "most_frequent": [
        {"width": 64, "height": 48, "images": 10}, {"width": 200, "height": 20, "images": 1}]}


def test_sizes_shapes_and_places(data):
    val = stats(data.config)["splits"][1]
    # 0.4 of 64 × 48 px: 25.6 × 19.2, ten times that at 640; 0.02 and 0.5 of 200 × 20, 3.2 times that.
    assert val["box_sizes"]["source"] == {"small": 4, "medium": 0, "large": 0}
    assert val["box_sizes"]["imgsz"] == {"small": 1, "medium": 0, "large": 3}
    assert {b["from"]: b["boxes"] for b in val["box_sizes"]["sides"] if b["boxes"]} == {4: 1, 64: 1, 128: 2}
    assert {b["from"]: b["boxes"] for b in val["aspect_ratios"] if b["boxes"]} == {1: 2, 8: 2}
    assert val["centres"][0][15] == 1 and val["centres"][12][4] == 1 and val["centres"][8][8] == 2
    assert sum(map(sum, val["centres"])) == val["boxes"] == 4
    assert stats(data.config, "--imgsz", "64")["splits"][1]["box_sizes"]["imgsz"] == {"small": 4, "medium": 0, "large": 0}


def test_against_another_count():
    """samples/bccd, all of it usable: each number counted again from the label files."""
    result = stats(BCCD)
    for split in result["splits"]:
        rows = [list(map(float, line.split())) for path in sorted((BCCD / "labels" / split["name"]).iterdir())
                for line in path.read_text().splitlines()]
        classes = collections.Counter(int(row[0]) for row in rows)
        assert {c["class"]: c["boxes"] for c in split["classes"]} == dict(classes)
        grid = [[0] * 16 for _ in range(16)]
        for _, x, y, _, _ in rows:
            grid[min(int(y * 16), 15)][min(int(x * 16), 15)] += 1
        assert split["centres"] == grid
        areas = [w * 640 * h * 480 for _, _, _, w, h in rows]
        assert split["box_sizes"]["source"] == {"small": sum(a < 1024 for a in areas), "large": sum(a >= 9216 for a in areas),
                                                "medium": sum(1024 <= a < 9216 for a in areas)}
        for told in split["box_sizes"]["sides"]:
            assert told["boxes"] == sum(told["from"] <= math.sqrt(a) < (told["to"] or math.inf) for a in areas)


def test_the_same_bytes_whatever_the_jobs():
    forms = {run("stats", BCCD, "--format", "json", "--jobs", jobs).stdout for jobs in ("1", "2", "7")}
    assert len(forms) == 1


def test_an_image_of_two_splits_counts_once(data):
    data.config.write_text("path: .\ntrain: images/train\nval: images/train\nnames: [cat, dog, bird]\n")
    result = stats(data.config)
    assert result["total"] == {k: v for k, v in result["splits"][0].items() if k != "name"}
    assert result["splits"][0]["boxes"] == result["splits"][1]["boxes"] == 6


def test_without_names(data):
    os.remove(data.config)
    result = stats(data.root)
    assert result["dataset"]["config"] is None and result["dataset"]["names"] == []
    assert [c["name"] for c in result["total"]["classes"]] == ["0", "1", "2", "9"]
    assert [c["name"] for c in stats(data.root, "--names", "a,b,c,d")["total"]["classes"]] == ["a", "b", "c", "d"]


def test_text(data):
    text = run("stats", data.config).stdout
    assert "val                3         4           0          0" in text
    assert "all               11        10           1          1" in text
    assert [line.split() for line in text.splitlines() if "bird" in line] == [["2", "bird", "2", "2", "0", "0", "2", "2", "20.0%"]]
    assert "at 640 px" in text and "64×48" in text and "█" in text
    assert sum(line.startswith("  │") for line in text.splitlines()) == 16


def test_html(data):
    data.config.write_text("path: .\ntrain: images/train\nval: images/val\nnames: ['<b>cat', 'dog\"&', '</svg><script>']\n")
    done = run("stats", data.config, "--format", "html")
    page = Page(done.stdout)
    page.assert_self_contained()
    assert page.scripts == [] and not [tag for tag, _ in page.elements if tag == "b"]
    plots = [attributes["aria-label"] for tag, attributes in page.elements if tag == "svg"]
    assert len(plots) == 27 and len(set(plots)) == 9, "nine plots for each of all, train, val"
    assert sum(attributes.get("class") == "cell" for _, attributes in page.elements) == 7


def test_html_in_a_browser(data, tmp_path):
    seen = in_browser(tmp_path, run("stats", data.config, "--format", "html").stdout,
                      "return [...document.querySelectorAll('svg')].filter(s => s.getBoundingClientRect().width > 0).length")
    assert seen == {"result": 27, "errors": [], "overflow": 0}


def test_what_cannot_be_counted(data, tmp_path):
    run("stats", tmp_path / "absent", code=3)
    data.config.write_text("names: [a\n")
    assert "does not parse" in run("stats", data.config, code=3).stderr
    run("stats", data.config, "--imgsz", "0", code=2)
    (tmp_path / "none/images/train").mkdir(parents=True)
    assert "nothing to count" in run("stats", tmp_path / "none", code=3).stderr
