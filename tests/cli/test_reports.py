# SPDX-License-Identifier: Apache-2.0
"""The rule catalogue, and the reports of yolodata verify for other programs and for people."""
import base64
import json
import os
import pathlib
import urllib.parse

import jsonschema
import pytest

from page import Page, in_browser
from small_dataset import SOURCE, SmallDataset, png, report, run


@pytest.fixture
def data(tmp_path):
    """Faults of all severities, and names that must be escaped."""
    data = SmallDataset(tmp_path / "set")
    data.write("images/train/t1.png", png(1)[:5000])
    data.write("labels/train/t2.txt", b"2 0.5 0.5 0.4 0.4\n80 0.5 0.5 1.2 0.1\n")
    data.write("labels/val/lost & <b>.txt", b"0 0.5 0.5 0.4 0.4\n")
    data.write(b"images/val/\xff\n.png", png(7))
    data.write("images/val/spare.png", png(8))
    return data


def schema(name):
    return json.loads((SOURCE / f"schemas/{name}.schema.json").read_text())


def test_rules_as_json():
    rules = json.loads(run("rules", "--format", "json").stdout)
    jsonschema.validate(rules, schema("rules"))
    ids = [rule["id"] for rule in rules]
    assert ids == sorted(set(ids)) and "label/tiny-box" in ids
    eoi = next(rule for rule in rules if rule["id"] == "image/missing-eoi")
    assert (eoi["severity"], eoi["ultralytics"], eoi["fix"]) == ("warning", "rewrites-file", "append-eoi")


def test_rules_as_text():
    lines = run("rules").stdout.splitlines()
    rules = json.loads(run("rules", "--format", "json").stdout)
    assert [line.split()[:2] for line in lines[1:]] == [[rule["id"], rule["severity"]] for rule in rules]


def test_explain():
    text = run("explain", "label/duplicate-row").stdout
    assert text.startswith("label/duplicate-row (warning)\n")
    for words in "Holds when", "Harm", "Remedy", "Repair", "drops the row (drops-row)":
        assert words in text
    both = run("explain", "label/*-box", "label/tiny-box").stdout
    assert [line.split()[0] for line in both.splitlines() if line.startswith("label/")] == [
        "label/tiny-box", "label/whole-image-box"]


def test_explain_what_is_no_rule():
    assert "did you mean label/tiny-box?" in run("explain", "label/tiny-bx", code=2).stderr
    assert "did you mean label/tiny-box?" in run("explain", "tiny-box", code=2).stderr
    assert "yolodata rules lists them" in run("explain", "zebra*", code=2).stderr
    run("explain", code=2)


def test_jsonl_is_the_json_report_in_lines(data):
    whole = report(data.root, code=1)
    jsonschema.validate(whole, schema("report"))
    lines = [json.loads(line) for line in run("verify", data.root, "--format", "jsonl", code=1).stdout.splitlines()]
    line_schema = {"$ref": "#/$defs/line", "$defs": schema("report")["$defs"]}
    for line in lines:
        jsonschema.validate(line, line_schema)
    assert lines[0] == {key: whole[key] for key in ("schema", "tool", "dataset")}
    assert lines[1:-1] == whole["findings"] and len(lines) > 6
    assert lines[-1]["summary"]["rules"] == whole["summary"]["rules"]


def sarif_of(data):
    return json.loads(run("verify", data.root, "--format", "sarif", code=1).stdout)


def test_sarif(data):
    sarif, whole = sarif_of(data), report(data.root, code=1)
    jsonschema.validate(sarif, json.loads((pathlib.Path(__file__).parent / "sarif.schema.json").read_text()))
    driver, results = sarif["runs"][0]["tool"]["driver"], sarif["runs"][0]["results"]
    assert [rule["id"] for rule in driver["rules"]] == [
        rule["id"] for rule in json.loads(run("rules", "--format", "json").stdout)]
    assert len(results) == len(whole["findings"])
    for result, finding in zip(results, whole["findings"]):
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == finding["rule"]
        assert result["level"] == {"info": "note"}.get(finding["severity"], finding["severity"])
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uriBaseId"] == "%SRCROOT%"
        assert place.get("region", {}).get("startLine") == finding.get("line")
    uris = [r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in results]
    assert "labels/val/%FF%0A.txt" in uris and "labels/val/lost%20%26%20%3Cb%3E.txt" in uris
    for uri, finding in zip(uris, whole["findings"]):
        if "path_escaped" not in finding:
            assert urllib.parse.unquote(uri) == finding["path"]


def test_fingerprints_outlive_numbers(data):
    prints = lambda: [r["partialFingerprints"]["yolodata/v1"] for r in sarif_of(data)["runs"][0]["results"]]
    before = prints()
    assert len(set(before)) == len(before)
    # One row more above: lines and values move, the findings stay the same.
    data.write("labels/train/t2.txt", b"1 0.2 0.2 0.1 0.1\n2 0.5 0.5 0.4 0.4\n81 0.5 0.5 1.3 0.1\n")
    assert prints() == before
    os.remove(data.root / "labels/val/lost & <b>.txt")
    assert set(prints()) < set(before)


def html_of(data, *args):
    target = data.root.parent / "page.html"
    run("verify", data.root, "--format", "html", "--output", target, *args, code=1)
    return target.read_text()


def test_html(data):
    data.write("images/val/<img src=x onerror=alert(1)>.png", png(9))
    data.write("labels/val/<img src=x onerror=alert(1)>.txt", b"0 0.9 0.5 0.4 0.2\n")
    data.write("labels/val/<!--<script>.txt", b"0 0.9 0.5 0.4 0.2\n")
    data.config.write_text("path: .\ntrain: images/train\nval: images/val\nnames: [cat, '</script><script>alert(1)', '<img src=x>']\n")
    text = html_of(data)
    page, whole = Page(text), report(data.root, code=1)
    page.assert_self_contained()
    assert "<" not in text.split('id="data">')[1].split("</script>")[0]
    assert len(page.scripts) == 2 and not [tag for tag, _ in page.elements if tag == "img"]
    assert page.data["head"]["dataset"] == whole["dataset"] and page.data["left_out"] == 0
    plain = [{k: v for k, v in f.items() if k not in ("thumb", "shape")} for f in page.data["findings"]]
    assert plain == whole["findings"]
    assert {r["id"]: r["count"] for r in page.data["rules"]} == whole["summary"]["rules"]
    assert [r["severity"] for r in page.data["rules"]] == sorted(
        (r["severity"] for r in page.data["rules"]), key=["error", "warning", "info"].index)


def test_html_pictures(data):
    data.write("images/train/big.png", png(3, 600, 300))
    data.write("labels/train/big.txt", b"0 0.9 0.5 0.4 0.2\n0 0.2 0.2 0.1 0\n")
    page = Page(html_of(data))
    thumbs, findings = page.data["thumbs"], page.data["findings"]
    big = [f for f in findings if f["path"] == "labels/train/big.txt"]
    assert [f["shape"] for f in big] == [[0.9, 0.5, 0.4, 0.2], [0.2, 0.2, 0.1, 0]]
    thumb = thumbs[big[0]["thumb"]]
    assert (thumb["width"], thumb["height"], thumb["shown_width"], thumb["shown_height"]) == (600, 300, 240, 120)
    assert big[1]["thumb"] == big[0]["thumb"]
    assert base64.b64decode(thumb["src"].removeprefix("data:image/jpeg;base64,")).startswith(b"\xff\xd8\xff")
    cut = next(f for f in findings if f["rule"] == "image/truncated")
    assert "ends too early" in thumbs[cut["thumb"]]["why"] and "src" not in thumbs[cut["thumb"]]


def test_html_thumbnails_are_bounded(data):
    few = Page(html_of(data, "--thumbnails", "2")).data
    assert len(few["thumbs"]) == 2 and {f["thumb"] for f in few["findings"] if "thumb" in f} == {0, 1}
    assert len({f["rule"] for f in few["findings"] if f.get("thumb") == 0} | {
        f["rule"] for f in few["findings"] if f.get("thumb") == 1}) > 1
    assert Page(html_of(data, "--thumbnails", "0")).data["thumbs"] == []
    for name in range(2100):
        data.write(f"labels/train/lost{name}.txt", b"0 0.5 0.5 0.1 0.1\n")
    many = Page(html_of(data)).data
    assert many["left_out"] == 101 and many["summary"]["rules"]["label/orphan"] == 2101


def test_html_in_a_browser(data, tmp_path):
    seen = in_browser(tmp_path, html_of(data), """
        const count = () => document.querySelectorAll('#findings > li').length;
        const set = (id, value) => { const node = document.getElementById(id); node.value = value;
          node.dispatchEvent(new Event('input', {bubbles: true})); return count(); };
        const box = document.querySelector('[name=severity][value=error]');
        const all = count(), rule = set('rule', 'image/truncated'); set('rule', '');
        const split = set('split', 'train'); set('split', '');
        const search = set('search', 'LOST & <B>'); set('search', '');
        box.click(); const mild = count(); box.click();
        return {all, rule, split, search, mild, pictures: document.querySelectorAll('img').length,
                drawn: document.querySelectorAll('svg polygon').length};""")
    findings = report(data.root, code=1)["findings"]
    assert seen["errors"] == [] and seen["overflow"] <= 0
    assert seen["result"] == {
        "all": len(findings), "rule": 1, "split": sum(f.get("split") == "train" for f in findings), "search": 1,
        "mild": sum(f["severity"] != "error" for f in findings),
        "pictures": seen["result"]["pictures"], "drawn": 2}
    assert seen["result"]["pictures"] >= 2


def test_reports_name_no_folder_above(data):
    for path, root in ("set", "set"), ("set/data.yaml", "set"), (data.root, str(data.root)):
        assert report(path, code=1, cwd=data.root.parent)["dataset"]["root"] == root
    assert report("data.yaml", code=1, cwd=data.root)["dataset"]["root"] == "."
