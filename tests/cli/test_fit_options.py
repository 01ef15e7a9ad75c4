# SPDX-License-Identifier: Apache-2.0
"""Options of yolotrain fit: the schema, files of options, what is refused, what a value does."""
import os
import re
import subprocess

import pytest
from fit_bench import FIT, read_yaml, schema


def test_the_schema_names_the_options_of_help():
    text = subprocess.run([FIT, "--help"], capture_output=True, text=True, timeout=60).stdout
    options = {name.replace("-", "_") for name in re.findall(r"^ +(?:-\w, )?--(?:\[no-\])?([a-z0-9-]+)", text, re.M)}
    named = {key for key, value in schema()["properties"].items() if "$ref" not in value}
    assert options - {"help", "version", "json", "man"} == named


@pytest.mark.parametrize("arguments, words", [
    (["lr0=nan"], "lr0"), (["--lr0", "inf"], "lr0"), (["batch=0"], "batch"), (["epochs=0"], "epochs"),
    (["mosaic=1.5"], "mosaic"), (["imgsz=0"], "imgsz"), (["workers=-1"], "workers"), (["model=yolov9q"], "yolov9q"),
    (["optimizer=Adamm"], "AdamW"), (["epoch=3"], "did you mean '--epochs'"), (["device=gpu0"], "gpu0"),
    (["batch=-2"], "batch"), (["amp=fp8"], "amp"), (["multi_scale=2"], "multi-scale"),
    (["cls_pw=1.5"], "cls-pw"), (["cutmix=-1"], "cutmix"), (["io=fast"], "mmap"),
    (["--momentum", "1.5"], "momentum"), (["seed=-1"], "seed"), (["--warmup-epochs", "1e400"], "warmup-epochs"),
])
def test_bad_values_end_before_anything_is_done(bench, arguments, words):
    said = bench.run(*arguments, code=2)
    assert words in said
    assert not os.path.exists(bench.runs) and not os.path.exists(bench.path("cache"))


def test_missing_things_are_named(bench):
    assert "--data is missing" in bench.run(command=[FIT, "--epochs", "1"], code=2)
    assert "no-such" in bench.run(command=[FIT, "--data", "no-such.yaml", "--threads", "1"], code=3)
    assert "no-such" in bench.run("--weights", "no-such.safetensors", code=3)
    assert not os.path.exists(bench.runs)


def test_config_files_of_ultralytics_work_and_unknown_keys_do_not(bench):
    config = bench.path("args.yaml")
    with open(config, "w") as file:
        file.write("task: detect\nmode: train\nepochs: 1\ntime: null\nbatch: 5\nresume: false\nexist_ok: true\nfreeze: null\n"
                   "cos_lr: true\nlr0: 0.02\nhsv_h: 0.015\ntracker: tracktrack.yaml\namp: true\ndevice: cpu\n")
    base = [FIT, "--data", bench.data, "--imgsz", "64", "--threads", "1", "--project", bench.runs]
    said = bench.run(command=[*base, "--config", config, "lr0=0.03"])
    ignored = [line for line in said.splitlines() if "ignored" in line]
    assert len(ignored) == 1 and "task" in ignored[0] and "tracker" in ignored[0]
    args = read_yaml(bench.path("runs", "exp", "args.yaml"))
    assert (args["epochs"], args["batch"], args["cos_lr"], args["lr0"]) == (1, 5, True, 0.03)
    bench.run(command=[FIT, "--config", bench.path("runs", "exp", "args.yaml"), "--threads", "1"])
    assert os.path.exists(bench.path("runs", "exp-2"))

    for text, words in (("epoch: 3\n", "did you mean 'epochs'"), ("lr0: nan\n", "lr0"), ("- 1\n", "table"),
                        ("batch: [1, 2]\n", "args.yaml:1"), ("{\"epochs\": 1, \"moasic\": 0}", "mosaic")):
        with open(config, "w") as file:
            file.write(text)
        assert words in bench.run("--config", config, code=2)


def test_imgsz_is_rounded_up_and_said(bench):
    said = bench.run("imgsz=50", epochs=1)
    assert "imgsz 50" in said and "64" in said
    assert read_yaml(bench.path("runs", "exp", "args.yaml"))["imgsz"] == 64


def test_batch_auto_is_settled_by_the_memory_and_stays_with_the_run(bench):
    said = bench.run("--batch", "auto", "--max-memory", "8GiB", "--name", "large", epochs=1)
    assert re.search(r"batch 16: a step takes \d+ MiB and \d+ MiB a picture of 8192 MiB \(--max-memory\)", said)
    assert read_yaml(bench.path("runs", "large", "args.yaml"))["batch"] == 16
    said = bench.run("batch=-1", "max_memory=1MiB", "--name", "small", "--resume", epochs=1)
    assert "batch 1:" in said
    again = bench.run("batch=-1", "max_memory=8GiB", "--name", "small", "--resume", epochs=2)
    assert "a step takes" not in again
    assert read_yaml(bench.path("runs", "small", "args.yaml"))["batch"] == 1


def test_amp_is_what_the_run_began_with(bench):
    bench.run("--amp", "bf16", "--name", "half", epochs=1)
    bench.run("amp=False", "--name", "single", epochs=1)
    assert bench.weights("half") != bench.weights("single")
    bench.run("amp=True", "--name", "fast", epochs=1)
    with open(bench.path("runs", "fast", "args.yaml")) as file:
        assert "amp: auto" in file.read()
    assert "--amp bf16" in bench.run("amp=fp16", code=3)


def test_multi_scale_is_repeatable(bench):
    # Sides from 64 (the least) to 160 px.
    for name in ("a", "b"):
        bench.run("multi_scale=0.7", "imgsz=96", "--name", name, epochs=1)
    bench.run("imgsz=96", "--name", "c", epochs=1)
    assert bench.weights("a") == bench.weights("b") != bench.weights("c")
    bench.run("multi_scale=True", "--name", "d", epochs=1)


def test_class_weights_and_cutmix_train_something_else(bench):
    bench.run("--name", "plain", epochs=1)
    for option in ("cls_pw=1", "cutmix=1"):
        for name in (option, option + "-again"):
            bench.run(option, "--name", name, epochs=1)
        assert bench.weights(option) == bench.weights(option + "-again") != bench.weights("plain")
    assert read_yaml(bench.path("runs", "cls_pw=1", "args.yaml"))["cls_pw"] == 1


def test_threads_are_those_of_omp_num_threads_unless_named(bench):
    base = [FIT, "--data", bench.data, "--epochs", "1", "--imgsz", "64", "--workers", "1", "--project", bench.runs, "--no-val"]
    cpus = len(os.sched_getaffinity(0))
    for wanted, threads in (("3,1", 3), ("1", 1), (f"{cpus + 1}", cpus + 1), ("none", None)):
        said = bench.run(command=["env", f"OMP_NUM_THREADS={wanted}", *base])
        assert threads is None or f"{threads} thread" in said
        if threads is not None and threads > cpus:
            assert f"OMP_NUM_THREADS={wanted} asks for {threads} threads on " in said
        if threads == 1:
            assert "OMP_NUM_THREADS" not in said
    assert "asks for" not in bench.run(command=["env", f"OMP_NUM_THREADS={cpus + 1}", *base, "--quiet"])
    assert "asks for" not in bench.run(command=["env", f"OMP_NUM_THREADS={cpus + 1}", *base, "--threads", "1"])
    assert "2 threads" in bench.run(command=["env", "OMP_NUM_THREADS=1", *base, "--threads", "2"])
