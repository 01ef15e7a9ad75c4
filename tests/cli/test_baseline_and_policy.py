# SPDX-License-Identifier: Apache-2.0
"""yolodata verify --baseline, and .yolodata.yaml in the dataset's root."""
import json
import shutil

import jsonschema
import pytest

from small_dataset import SOURCE, SmallDataset, brief, png, report, run


@pytest.fixture
def data(tmp_path):
    """Errors: one truncated picture, two bad fields in one row; a warning: one orphan."""
    data = SmallDataset(tmp_path / "set")
    data.write("images/train/t1.png", png(1)[:5000])
    data.write("labels/train/t2.txt", b"2 0.5 0.5 0.4 0.4\n80 0.5 0.5 1.2 0.1\n")
    data.write("labels/val/lost.txt", b"0 0.5 0.5 0.4 0.4\n")
    return data


def schema(name):
    return json.loads((SOURCE / f"schemas/{name}.schema.json").read_text())


def rules(result):
    return [finding["rule"] for finding in result["findings"]]


def test_known_findings_are_not_counted(data, tmp_path):
    known = tmp_path / "known.json"
    run("verify", data.root, "--format", "json", "--output", known, code=1)
    result = report(data.root, "--baseline", known, "--fail-on", "info")
    jsonschema.validate(result, schema("report"))
    assert result["findings"] == [] and result["summary"]["known"] == 4 and result["summary"]["errors"] == 0
    assert "known from the baseline: 4 findings" in run("verify", data.root, "--baseline", known).stdout
    # Other lines and numbers are the same finding; one more of a kind, or another path, is a new one.
    data.write("labels/train/t2.txt", b"1 0.2 0.2 0.2 0.2\n81 0.5 0.5 -1.5e+01 0.1\n")
    assert "known" not in report(data.root, code=1)["summary"]
    data.write("labels/train/t2.txt", b"1 0.2 0.2 0.2 0.2\n81 0.5 0.5 1.5 0.1\n2 0.4 0.4 1.7 0.1\n")
    data.write("labels/train/t3.txt", b"0 0.5 0.5 1.2 0.1\n")
    result = report(data.root, "--baseline", known, code=1)
    assert [f[::2] for f in brief(result["findings"])] == [
        ("label/out-of-range", "labels/train/t2.txt", 4), ("label/out-of-range", "labels/train/t3.txt", 4)]


def test_list_bad_names_known_ones_too(data, tmp_path):
    known, bad = tmp_path / "known.json", tmp_path / "bad"
    run("verify", data.root, "--format", "json", "--output", known, code=1)
    run("verify", data.root, "--baseline", known, "--list-bad", bad)
    assert [line.rsplit("/", 1)[1] for line in bad.read_text().split()] == ["t1.png", "t2.png"]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"schema": "yolodata.stats/1"}', '{"schema": "yolodata.report/1"}',
                                  '{"schema": "yolodata.report/1", "findings": [{"rule": 3}]}', '{"schema": 1, "findings": []}'])
def test_a_bad_baseline(data, tmp_path, text):
    (tmp_path / "bad.json").write_text(text)
    done = run("verify", data.root, "--baseline", tmp_path / "bad.json", code=3)
    assert "bad.json" in done.stderr and "--format json --output" in done.stderr and done.stdout == ""
    assert "absent.json" in run("verify", data.root, "--baseline", tmp_path / "absent.json", code=3).stderr


def policy(data, decided):
    """JSON is YAML too."""
    (data.root / ".yolodata.yaml").write_text(json.dumps(decided))
    jsonschema.validate(decided, schema("config"))


def test_severities(data):
    policy(data, {"severity": {"label/*": "warning", "label/out-of-range": "off", "image/truncated": "info"}})
    result = report(data.root)
    jsonschema.validate(result, schema("report"))
    assert [f[:3] for f in brief(result["findings"])] == [
        ("image/truncated", "info", "images/train/t1.png"),
        ("label/class-out-of-range", "warning", "labels/train/t2.txt"),
        ("label/orphan", "warning", "labels/val/lost.txt")]
    assert result["summary"]["ignored"] == 1
    run("verify", data.root, "--fail-on", "warning", code=1)
    run("verify", data.root, "--no-config", code=1)
    assert "ignored" not in report(data.root, "--no-config", code=1)["summary"]
    policy(data, {"severity": {"label/orphan": "error", "label/*": "info", "image/*": "info"}})
    assert report(data.root)["summary"]["errors"] == 0, "the last that matches holds"
    policy(data, {"severity": {"label/*": "info", "image/*": "info", "label/orphan": "error"}})
    assert report(data.root, code=1)["summary"]["errors"] == 1


def test_exceptions(data):
    policy(data, {"ignore": [{"rule": "label/*-range", "path": "labels/train/t2*"}, {"path": "images/train/t1.png"}]})
    result = report(data.root)
    assert rules(result) == ["label/orphan"] and result["summary"]["ignored"] == 3
    policy(data, {"ignore": [{"path": "images/*"}, {"rule": "label/orphan"}]})
    assert report(data.root, "--fail-on", "info")["findings"] == []
    policy(data, {"ignore": [{"rule": "label/orphan", "path": "labels/train/*"}]})
    assert len(report(data.root, code=1)["findings"]) == 4
    for nothing in None, {}, {"severity": None, "ignore": None}:
        policy(data, nothing)
        assert len(report(data.root, code=1)["findings"]) == 4


def test_a_policy_as_people_write_it(data):
    (data.root / ".yolodata.yaml").write_text(
        "# ours\nseverity:\n  label/orphan: off  # on purpose\nignore:\n  - rule: image/*\n    path: images/train/t1*\n")
    assert set(rules(report(data.root, code=1))) == {"label/class-out-of-range", "label/out-of-range"}


@pytest.mark.parametrize("text, words", [
    ("severty: {}\n", ":1:1: unknown key severty; did you mean severity?"),
    ("severity:\n  label/tiny-bx: off\n", ":2:3: no rule matches label/tiny-bx; did you mean label/tiny-box?"),
    ("severity: {label/*: warn}\n", "unknown severity warn; known are error, warning, info, off"),
    ("ignore: [{rules: label/*}]\n", "unknown key rules; did you mean rule?"),
    ("ignore: [{}]\n", "must have rule:, path: or both"),
    ("ignore: label/*\n", "must be a list"),
    ("severity: [1]\n", "must be a mapping"),
    ("severity: {label/*: [a]}\n", "must be a text"),
    ("[a\n", "does not parse"),
    ("- a\n", "must be a mapping"),
])
def test_a_bad_policy(data, text, words):
    (data.root / ".yolodata.yaml").write_text(text)
    done = run("verify", data.root, code=2)
    assert ".yolodata.yaml" in done.stderr and words in done.stderr and done.stdout == ""
    run("verify", data.root, "--no-config", code=1)


@pytest.mark.parametrize("decided", [
    {"severty": {}}, {"severity": {"label/*": "warn"}}, {"ignore": [{"rules": "label/*"}]}, {"ignore": [{}]},
    {"ignore": "label/*"}, {"severity": [1]}, {"severity": {"label/*": ["off"]}}, ["a"]])
def test_program_and_schema_refuse_alike(data, decided):
    with pytest.raises(jsonschema.ValidationError):
        policy(data, decided)
    run("verify", data.root, code=2)


def test_the_policy_is_no_file_of_the_dataset(tmp_path):
    data = SmallDataset(tmp_path / "set")
    before = report(data.root)
    (data.root / ".yolodata.yaml").write_text("severity: {}\n")
    shutil.copy(data.root / ".yolodata.yaml", data.root / "images/train")
    after = report(data.root)
    assert after["findings"] == [] and after["dataset"]["digest"] == before["dataset"]["digest"]
