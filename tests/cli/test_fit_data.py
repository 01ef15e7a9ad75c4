# SPDX-License-Identifier: Apache-2.0
"""What yolotrain fit trains on: data.yaml by way of shards, shard sets, bad records, weights to start from."""
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal

from drawn_dataset import draw, run
from fit_bench import wait_for


def test_shards_of_a_data_yaml_are_used_again_as_long_as_they_fit(bench):
    shards = bench.path("shards")
    assert "packed 13 images" in bench.run("--shards", shards, epochs=1)
    assert "using the shards" in bench.run("--shards", shards, epochs=1)
    with open(bench.path("set", "labels", "train", "n001.txt"), "a") as file:
        file.write("2 0.5 0.5 0.5 0.5\n")
    assert "packed anew" in bench.run("--shards", shards, epochs=1)
    assert "packed anew" in bench.run("--shards", shards, "imgsz=96", epochs=1)
    # A folder of shards is data by itself.
    bench.run("--data", shards, epochs=1)


def pack_variants(bench, *options):
    shards = bench.path("variants")
    done = run("pack", bench.data, shards, "--imgsz", 64, "--variants", 2, *options)
    assert done.returncode == 0, done.stderr
    return shards


def test_an_epoch_of_a_set_of_variants_is_one_variant_of_each_picture(bench):
    shards = pack_variants(bench, "--split", "train")
    options = ["--data", shards, "--val-data", bench.data]
    said = bench.run(*options, "--name", "whole", epochs=4)
    assert f"{shards} holds each of 10 pictures 2 times" in said and said.count("close_mosaic") == 1
    assert "10 pictures of 64 px, 3 steps of 4 an epoch" in said
    assert bench.rows("whole")[1][1] != bench.rows("whole")[3][1]
    # What is augmented already is not augmented again.
    bench.run(*options, "mosaic=0", "hsv_h=0.5", "degrees=45", "close_mosaic=1", "--name", "other", epochs=4)
    assert bench.weights("other") == bench.weights("whole")
    # Another number of the variant that comes first would train something else.
    process = bench.start(*options, "--name", "stopped", epochs=4)
    wait_for(process, "epoch 1/4")
    process.send_signal(signal.SIGTERM)
    process.stderr.read()
    assert process.wait(timeout=60) == 143
    bench.run(*options, "--name", "stopped", "--resume", epochs=4)
    assert bench.weights("stopped") == bench.weights("whole")
    assert bench.rows("stopped") == bench.rows("whole")


def test_a_set_of_variants_brings_its_own_val(bench):
    shards = pack_variants(bench)
    said = bench.run("--data", shards, "--name", "own", epochs=2)
    assert f"{shards} holds each of 10 pictures 2 times" in said
    bench.run("--data", shards, "--val-data", bench.data, "--name", "named", epochs=2)
    assert bench.rows("own") == bench.rows("named") and bench.weights("own") == bench.weights("named")


def with_augmented_val(shards):
    """As earlier versions packed them: val is as the set's options say."""
    path = os.path.join(shards, "index.json")
    with open(path) as file:
        index = json.load(file)
    train = next(shard for shard in index["shards"] if shard["split"] == "train")
    shutil.copy(os.path.join(shards, train["file"]), os.path.join(shards, "val-00000.yds"))
    index["shards"] = [train, {**train, "split": "val", "file": "val-00000.yds"}]
    index["splits"] = [index["splits"][0], {**index["splits"][0], "name": "val"}]
    lines = "".join(f"{shard['file']}\0{shard['sha256']}\n" for shard in index["shards"])
    index["digest"] = "sha256:" + hashlib.sha256(lines.encode()).hexdigest()
    with open(path, "w") as file:
        json.dump(index, file)
    return shards


def test_augmented_pictures_are_not_validated_on(bench):
    shards = with_augmented_val(pack_variants(bench))
    for options in (["--data", shards], ["--val-data", shards]):
        said = bench.run(*options, code=3)
        assert f"the split val of {shards} holds augmented pictures" in said and "--val-data" in said
    assert not os.path.exists(bench.runs)


def test_val_data_is_what_is_validated_on(bench):
    bench.run("--val-data", bench.data, "--name", "named", epochs=1)
    bench.run("--name", "own", epochs=1)
    assert bench.rows("named") == bench.rows("own")
    other = draw(pathlib.Path(bench.path("other")), train=2, val=2)
    with open(other) as file:
        text = file.read()
    with open(other, "w") as file:
        file.write(text.replace("names: [", "names: [x"))
    said = bench.run("--val-data", other, "--name", "no", code=2)
    assert "has other classes than the training data, 3 (red, green, blue): 3 (xred, green, blue)" in said
    assert "no-such" in bench.run("--val-data", "no-such.yaml", "--name", "no", code=3)
    assert sorted(os.listdir(bench.runs)) == ["named", "own"]


def test_how_shards_are_read_changes_nothing(bench):
    for io in ("auto", "mmap", "pread", "direct"):
        bench.run("--io", io, "--name", io, epochs=1)
        assert bench.weights(io) == bench.weights("auto")
    assert "mmap" in bench.run("--io", "mmmap", code=2)


def test_a_bad_record_is_replaced_and_named(bench):
    shards = bench.path("shards")
    bench.run("--shards", shards, epochs=1)
    shard = os.path.join(shards, "train-00000.yds")
    with open(shard, "r+b") as file:
        file.seek(20000)
        byte = file.read(1)
        file.seek(20000)
        file.write(bytes([byte[0] ^ 16]))
    said = bench.run("--data", shards, "--name", "bad", epochs=2)
    assert "1 of the data could not be used" in said
    events = [event for event in bench.events("bad") if event["kind"] == "bad-record"]
    assert len(events) == 1
    assert events[0]["shard"].endswith("train-00000.yds") and events[0]["image"] in said
    assert set(events[0]) >= {"time", "epoch", "step", "kind", "message", "action", "record"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", events[0]["time"])


def test_weights_are_taken_over(bench):
    bench.run(epochs=1)
    last = bench.path("runs", "exp", "weights", "last.safetensors")
    assert "transferred 355/355" in bench.run("--weights", last, epochs=1)
    data = bytearray(bench.weights("exp"))
    data[-4:] = b"\x00\x00\xc0\x7f"
    data = data.replace(b'"digest":', b'"former":', 1)  # as a file of another program, without our checksum
    bad = bench.path("bad.safetensors")
    with open(bad, "wb") as file:
        file.write(data)
    before = os.listdir(bench.runs)
    said = bench.run("--weights", bad, code=3)
    assert "model.22" in said
    assert sorted(os.listdir(bench.runs)) == sorted(before)
