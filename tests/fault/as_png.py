# SPDX-License-Identifier: Apache-2.0
"""A data set's pictures as PNG, through yolodata's own shards: no other codec is needed here."""
import json
import pathlib
import shutil
import subprocess

MOST = 24  # pictures: a PNG of a photograph is large


def as_png(bin_folder, source, to):
    """Writes the first pictures of a data set with their labels into the folder `to`, and returns it."""
    def yolodata(*args):
        done = subprocess.run([pathlib.Path(bin_folder) / "yolodata", *map(str, args)], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"yolodata {args[0]}: exit {done.returncode}: {done.stderr}")
        return done.stdout

    source, shards = pathlib.Path(source), to.parent / "shards"
    yolodata("pack", source, shards, "--split", "train", "--imgsz", "320", "--quiet")
    for kind in "images", "labels":
        (to / kind / "train").mkdir(parents=True)
    count = min(MOST, json.loads(yolodata("inspect", shards, "--format", "json"))["totals"]["records"])
    for i in range(count):
        record = json.loads(yolodata("inspect", shards, "--record", i, "--format", "json"))
        name = pathlib.Path(record["source"]).stem
        yolodata("inspect", shards, "--record", i, "--extract", to / f"images/train/{name}.png")
        label = source / "labels" / pathlib.Path(record["source"]).relative_to("images").with_suffix(".txt")
        shutil.copy(label, to / f"labels/train/{name}.txt")
    names = (source / "data.yaml").read_text().split("names:", 1)[1]
    (to / "data.yaml").write_text(f"path: .\ntrain: images/train\nval: images/train\nnames:{names}")
    return to
