# SPDX-License-Identifier: Apache-2.0
"""The rule catalogue, and the reports of yolodata verify for other programs and for people."""
import json

import jsonschema

from small_dataset import SOURCE, run


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
