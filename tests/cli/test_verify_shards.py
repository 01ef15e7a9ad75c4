# SPDX-License-Identifier: Apache-2.0
"""yolodata verify on shard sets: every report form, exit codes, and that jobs change nothing."""
import json
import os
import shutil

import jsonschema
import pytest

from drawn_dataset import SOURCE, draw, pack_drawn, run
from page import Page


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return pack_drawn(tmp_path_factory.mktemp("shards"))


@pytest.fixture
def damaged(whole, tmp_path):
    """A picture of val-00000.yds is damaged, train-00001.yds is cut, another shard lies beside."""
    copy = tmp_path / "set"
    shutil.copytree(whole, copy)
    with open(copy / "val-00000.yds", "r+b") as file:
        file.seek(4096 + 64 + 10)
        file.write(b"\xff\x00\xff")
    os.truncate(copy / "train-00001.yds", 5000)
    shutil.copy(copy / "val-00000.yds", copy / "other-00000.yds")
    return copy


def report(path, *arguments):
    done = run("verify", path, "--format", "json", *arguments)
    assert done.stderr == ""
    answer = json.loads(done.stdout)
    with open(os.path.join(SOURCE, "schemas", "report.schema.json"), encoding="utf-8") as file:
        jsonschema.validate(answer, json.load(file))
    return done.returncode, answer


def test_a_whole_set(whole):
    for arguments in ([], ["--fast"]):
        code, answer = report(whole, *arguments)
        assert code == 0 and answer["findings"] == []
        assert answer["summary"]["images"] == 16 and answer["summary"]["unusable_images"] == 0
        with open(whole / "index.json", encoding="utf-8") as file:
            assert answer["dataset"]["digest"] == json.load(file)["digest"]
        assert answer["dataset"]["config"] == "index.json" and answer["dataset"]["root"] == str(whole)
    text = run("verify", whole).stdout
    assert "16 records with" in text and "0 that cannot be read" in text
    assert run("verify", whole / "val-00000.yds").returncode == 0


def test_findings_name_file_record_offset_and_source(damaged):
    code, answer = report(damaged)
    assert code == 1
    assert [(f["rule"], f["path"]) for f in answer["findings"]] == [
        ("shard/unexpected", "other-00000.yds"), ("shard/truncated", "train-00001.yds"),
        ("shard/record-corrupt", "val-00000.yds")]
    record = answer["findings"][2]
    assert record["image"] == "images/val/n012.png" and record["split"] == "val"
    assert record["message"].startswith("record 0 at offset 4096 (images/val/n012.png)")
    assert [f["rule"] for f in report(damaged, "--fast")[1]["findings"]] == ["shard/unexpected", "shard/truncated"]
    assert report(damaged / "other-00000.yds")[1]["findings"][0]["rule"] == "shard/record-corrupt"


def test_jobs_change_nothing(damaged):
    answers = [report(damaged, "--jobs", jobs)[1] for jobs in (1, 2, 5)]
    assert all(a["findings"] == answers[0]["findings"] for a in answers)


def test_a_page_of_shards_opens_no_picture(damaged):
    # A shard's names are not those of files beside it, and may be anybody's invention.
    picture = damaged / "images" / "val" / "n012.png"
    picture.parent.mkdir(parents=True)
    shutil.copy(os.path.join(SOURCE, "tests", "vectors", "shards", "8x8.jpg"), picture)
    data = Page(run("verify", damaged, "--format", "html").stdout).data
    assert data["thumbs"] == [] and len(data["findings"]) == 3


def test_every_form_and_filter(damaged, tmp_path):
    for form in ("text", "jsonl", "sarif", "html"):
        done = run("verify", damaged, "--format", form)
        assert done.returncode == 1 and "record-corrupt" in done.stdout, form
    assert run("verify", damaged, "--skip", "shard/record-corrupt,shard/truncated").returncode == 0
    assert run("verify", damaged, "--only", "shard/unexpected", "--fail-on", "warning").returncode == 1
    assert run("verify", damaged, "--list-bad", tmp_path / "bad").returncode == 1
    assert (tmp_path / "bad").read_text() == "images/val/n012.png\n"
    run("verify", damaged, "--format", "json", "--output", tmp_path / "known.json")
    assert run("verify", damaged, "--baseline", tmp_path / "known.json").returncode == 0
    (damaged / ".yolodata.yaml").write_text("severity:\n  shard/record-corrupt: info\n  shard/truncated: info\n")
    assert run("verify", damaged).returncode == 0


def test_a_lost_index_json_and_wrong_command_lines(damaged, tmp_path):
    (damaged / "index.json").unlink()
    assert ("shard/index", "index.json") in [(f["rule"], f["path"]) for f in report(damaged)[1]["findings"]]
    done = run("verify", damaged, "--quality")
    assert done.returncode == 2 and "shard set" in done.stderr
    done = run("verify", draw(tmp_path / "data", 1, 1), "--fast")
    assert done.returncode == 2 and "--fast" in done.stderr
    assert run("verify", tmp_path / "none.yds").returncode == 3
    assert "repair" in run("explain", "shard/index").stdout
