# SPDX-License-Identifier: Apache-2.0
"""The rule catalogue, and the reports of yolodata verify for other programs and for people."""
import json
import os
import pathlib
import urllib.parse

import jsonschema
import pytest

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
