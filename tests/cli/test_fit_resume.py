# SPDX-License-Identifier: Apache-2.0
"""yolotrain fit --resume, signals and kills: a run goes on with the bits of one that was never stopped."""
import json
import os
import pathlib
import signal

import pytest
from drawn_dataset import draw, run, tree
from fit_bench import FIT, wait_for


def counters(bench, name):
    """Of the newest checkpoint."""
    state = pathlib.Path(bench.path("runs", name, "state"))
    return json.loads(max(state.glob("*.json")).read_text())["state"]["counters"]


def test_resume_of_a_finished_run_changes_nothing_and_goes_on_with_more_epochs(bench):
    said = bench.run("--resume")
    assert "training 2 epochs" in said
    before = tree(bench.path("runs"))
    assert "nothing to do" in bench.run("--resume")
    assert tree(bench.path("runs")) == before
    bench.run("--resume", epochs=3)
    assert [row[0] for row in bench.rows("exp")] == ["epoch", "1", "2", "3"]
    assert os.listdir(bench.runs) == ["exp"]


def test_resume_by_name_alone_knows_the_run_s_options(bench):
    bench.run(epochs=1)
    run = bench.path("runs", "exp")
    bench.run(command=[FIT, f"resume={run}", "epochs=2", "threads=1"])
    assert len(bench.rows("exp")) == 3
    said = bench.run(command=[FIT, f"--resume={bench.path('nowhere')}", "--threads", "1"], code=3)
    assert "nothing to resume" in said
    assert not os.path.exists(bench.path("nowhere"))


def test_what_cannot_change_in_a_run_is_refused(bench):
    bench.run("--resume", epochs=1)
    before = tree(bench.path("runs"))
    for option in ("batch=5", "imgsz=96", "seed=1", "model=yolov8s", "optimizer=SGD"):
        said = bench.run("--resume", option, code=2)
        assert option.split("=")[0] in said and option.split("=")[1] in said
    assert tree(bench.path("runs")) == before
    assert "lr0 is 0.02 from here on (it was 0.01)" in bench.run("--resume", "lr0=0.02")


def test_other_pictures_to_validate_on_are_said_and_measured_anew(bench):
    bench.run("--name", "run", epochs=4)
    other = draw(pathlib.Path(bench.path("other")), train=1, val=5)
    copy = draw(pathlib.Path(bench.path("copy")), train=1, val=5)
    same = bench.run("--name", "run", "--resume", "--val-data", other, epochs=5)
    assert f"val_data is {other} from here on (it was not set)" in same and "val-data-changed" in same
    event = bench.events("run")[-1]
    assert event["kind"] == "val-data-changed" and "begin anew" in event["action"] and event["epoch"] == 5
    assert counters(bench, "run")["best_epoch"] == 5
    # The same pictures in another place are the same measure.
    said = bench.run("--name", "run", "--resume", "--val-data", copy, epochs=6)
    assert f"val_data is {copy} from here on (it was {other})" in said and "val-data-changed" not in said
    assert "val_data" not in bench.run("--name", "run", "--resume", epochs=7)
    assert len(bench.events("run")) == 1


@pytest.mark.parametrize("number, code, optimizer", [(signal.SIGINT, 130, "auto"), (signal.SIGTERM, 143, "MuSGD")])
def test_a_signal_saves_and_resume_ends_with_the_same_bits(bench, number, code, optimizer):
    bench.run("--name", "whole", "--optimizer", optimizer, epochs=8)
    process = bench.start("--name", "stopped", "--optimizer", optimizer, epochs=8)
    wait_for(process, "epoch 2/8")
    process.send_signal(number)
    rest = process.stderr.read()
    assert process.wait(timeout=60) == code
    assert "checkpoint saved" in rest
    assert bench.events("stopped")[-1]["kind"] == "signal"
    rows = len(bench.rows("stopped"))
    assert rows < 9, "the training was over before the signal came"
    said = bench.run("--name", "stopped", "--optimizer", optimizer, "--resume", epochs=8)
    assert "continuing" in said
    assert bench.weights("stopped") == bench.weights("whole")
    assert bench.weights("stopped", "best") == bench.weights("whole", "best")
    assert bench.rows("stopped") == bench.rows("whole")
    assert bench.rows("whole")[0][-1] == ("lr/pg7" if optimizer == "MuSGD" else "lr/pg2")


def test_a_run_on_coded_shards_with_mosaics_is_continued_with_the_same_bits(bench):
    """Pictures that were kept for mosaics are gone after a stop: they are decoded again, and are the same."""
    shards = bench.path("coded")
    # More pictures than are kept (8 batches of 2, and one for each sample in the making): some fall out again.
    many = draw(pathlib.Path(bench.path("many")), train=30, val=3)
    done = run("pack", many, shards, "--imgsz", 64, "--codec", "jpeg")
    assert done.returncode == 0, done.stderr
    options = ["--data", shards, "mosaic=1", "mixup=0.5", "close_mosaic=2", "batch=2", "workers=2"]
    bench.run(*options, "--name", "whole", epochs=8)
    process = bench.start(*options, "--name", "stopped", epochs=8)
    wait_for(process, "epoch 2/8")
    process.send_signal(signal.SIGTERM)
    process.stderr.read()
    assert process.wait(timeout=60) == 143
    assert len(bench.rows("stopped")) < 9, "the training was over before the signal came"
    bench.run(*options, "--name", "stopped", "--resume", epochs=8)
    for which in ("last", "best"):
        assert bench.weights("stopped", which) == bench.weights("whole", which)
    assert bench.rows("stopped") == bench.rows("whole")


def test_a_kill_is_survived_too(bench):
    bench.run("--name", "whole", epochs=5)
    process = bench.start("--name", "killed", epochs=5)
    wait_for(process, "epoch 2/5")
    process.kill()
    process.wait(timeout=60)
    bench.run("--name", "killed", "--resume", epochs=5)
    assert bench.weights("killed") == bench.weights("whole")
    assert bench.rows("killed") == bench.rows("whole")


def test_a_damaged_checkpoint_is_passed_over_and_said(bench):
    bench.run("--name", "whole", epochs=3)
    bench.run(epochs=2)
    newest = sorted(name for name in os.listdir(bench.path("runs", "exp", "state")) if name.endswith(".safetensors"))[-1]
    with open(bench.path("runs", "exp", "state", newest), "r+b") as file:
        file.seek(100000)
        byte = file.read(1)
        file.seek(100000)
        file.write(bytes([byte[0] ^ 1]))
    said = bench.run("--resume", "--name", "exp", epochs=3)
    assert "passed over" in said and newest in said
    # The two-epoch schedule of `exp` was another one up to there, so only the shape is compared.
    assert [row[0] for row in bench.rows("exp")] == [row[0] for row in bench.rows("whole")]


def test_a_run_has_one_writer(bench):
    process = bench.start("--resume", epochs=200)
    wait_for(process, "epoch 1/200")
    said = bench.run("--exist-ok", code=2)
    assert "another process is training" in said
    process.send_signal(signal.SIGTERM)
    process.stderr.read()
    assert process.wait(timeout=60) == 143


def test_a_second_signal_ends_at_once(bench):
    process = bench.start(epochs=200)
    wait_for(process, "epoch 1/200")
    os.kill(process.pid, signal.SIGSTOP)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    os.kill(process.pid, signal.SIGCONT)
    process.stderr.read()
    assert process.wait(timeout=30) in (130, 143)
