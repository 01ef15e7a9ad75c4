# SPDX-License-Identifier: Apache-2.0
"""What yolotrain fit trains on: data.yaml by way of shards, shard sets, bad records, weights to start from."""
import os
import re

from drawn_dataset import run


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


def test_a_set_of_variants_is_refused(bench):
    shards = bench.path("variants")
    assert run("pack", bench.data, shards, "--imgsz", 64, "--variants", 1).returncode == 0
    said = bench.run("--data", shards, code=3)
    assert f"{shards} was packed with --variants 1" in said and "pack it without --variants" in said
    assert not os.path.exists(bench.runs)


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
