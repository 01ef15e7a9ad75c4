# SPDX-License-Identifier: Apache-2.0
"""What the tests of yolotrain fit share: a drawn dataset, 64 px, yolov8n, one thread, seconds."""
import json
import os
import subprocess

import pytest
from drawn_dataset import BIN, SOURCE, draw

FIT = os.path.join(BIN, "yolotrain-fit")


class Bench:
    """A folder with a dataset, a cache and a place for runs."""

    def __init__(self, folder):
        self.folder = str(folder)
        self.data = draw(folder / "set", train=10, val=3)
        self.runs = self.path("runs")

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def command(self, *args, epochs=2):
        return [FIT, "--data", self.data, "--epochs", str(epochs), "--imgsz", "64", "--batch", "4", "--threads", "1",
                "--workers", "1", "--project", self.runs, *map(str, args)]

    def environment(self):
        return {**os.environ, "XDG_CACHE_HOME": self.path("cache")}

    def run(self, *args, code=0, epochs=2, command=None):
        done = subprocess.run(command or self.command(*args, epochs=epochs), capture_output=True, text=True,
                              timeout=300, env=self.environment(), cwd=self.folder)
        assert done.returncode == code, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert done.stdout == ""
        return done.stderr

    def start(self, *args, epochs):
        return subprocess.Popen(self.command(*args, epochs=epochs), stderr=subprocess.PIPE, text=True,
                                env=self.environment(), cwd=self.folder)

    def weights(self, name, which="last"):
        with open(os.path.join(self.runs, name, "weights", which + ".safetensors"), "rb") as file:
            return file.read()

    def rows(self, name):
        """results.csv without its time."""
        with open(os.path.join(self.runs, name, "results.csv")) as file:
            return [line.split(",")[:1] + line.split(",")[2:] for line in file.read().splitlines()]

    def events(self, name):
        with open(os.path.join(self.runs, name, "events.jsonl")) as file:
            return [json.loads(line) for line in file]


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def wait_for(process, text):
    """Reads stderr up to the line that holds the text."""
    for line in process.stderr:
        if text in line:
            return line
    raise AssertionError(f"'{text}' never came")


def read_yaml(path):
    """A flat table of scalars, as args.yaml is."""
    table = {}
    with open(path) as file:
        for line in file:
            key, _, text = line.rstrip("\n").partition(": ")
            try:
                table[key] = json.loads(text)
            except ValueError:
                table[key] = text
    return table


def schema():
    with open(os.path.join(SOURCE, "schemas", "train.schema.json")) as file:
        return json.load(file)
