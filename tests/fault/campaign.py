# SPDX-License-Identifier: Apache-2.0
"""One copy of a data set into which rounds of faults are planted: each pair gets one fault, or none as a control."""
import dataclasses
import json
import os
import pathlib
import shutil
import struct
import subprocess

import image_faults
import label_faults
from faults import Pair

CONTROLS = 0.25  # of the pairs


@dataclasses.dataclass
class Planted:
    fault: object
    kind: str          # what was damaged: JPEG, PNG, label
    path: str          # where a finding is expected
    named: bool = False      # by one of the expected rules
    noticed: bool = False    # by any finding that was not there before
    in_manifest: bool = False
    rules: tuple = ()        # of the new findings


def size_of(content):
    """Width and height from the header of a JPEG or PNG."""
    if not image_faults.is_jpeg(content):
        return struct.unpack(">II", content[16:24])
    at = 2
    while content[at + 1] not in (0xC0, 0xC1, 0xC2):
        at += 2 + struct.unpack(">H", content[at + 2:at + 4])[0]
    height, width = struct.unpack(">HH", content[at + 5:at + 9])
    return width, height


class Campaign:
    def __init__(self, bin_folder, source, scratch, chance):
        self.bin, self.chance = pathlib.Path(bin_folder), chance
        self.root = pathlib.Path(scratch) / "set"
        self.manifest = pathlib.Path(scratch) / "manifest.json"
        shutil.copytree(source, self.root)
        (self.root / "yolodata.sha256.json").unlink(missing_ok=True)
        for folder, _, names in os.walk(self.root):  # the source may be read-only
            for path in (folder, *(os.path.join(folder, name) for name in names)):
                os.chmod(path, 0o755)
        self.run("checksum", self.root, "--quiet", "--output", self.manifest)
        self.clean = self.findings()
        self.classes = len(self.report["dataset"]["names"])
        self.images = sorted(p for p in (self.root / "images").rglob("*") if p.suffix in (".jpg", ".png"))
        self.pictures = {path: path.read_bytes() for path in self.images}
        self.planted, self.false_alarms, self.controls = [], [], 0

    def run(self, *args):
        done = subprocess.run([self.bin / "yolodata", *map(str, args)], capture_output=True, text=True)
        if done.returncode not in (0, 1):
            raise SystemExit(f"yolodata {args[0]}: exit {done.returncode}: {done.stderr}")
        return done.stdout

    def findings(self, *args):
        """{path: {(rule, severity, line, column, message)}}"""
        self.report = json.loads(self.run("verify", self.root, "--task", "detect", "--format", "json", *args))
        found = {}
        for f in self.report["findings"]:
            key = (f["rule"], f["severity"], f.get("line"), f.get("column"), f["message"])
            found.setdefault(f["path"], set()).add(key)
        return found

    def round(self):
        """Plants, looks without and with the manifest, and restores."""
        undo, now, untouched = [], [], []
        for image in self.images:
            label = pathlib.Path(str(image).replace("/images/", "/labels/")).with_suffix(".txt")
            if self.chance.random() < CONTROLS or not label.exists():
                untouched += [image, label]
                continue
            spoil_image = self.chance.random() < 0.5
            untouched.append(label if spoil_image else image)
            planted = self.plant(image if spoil_image else label, image, undo)
            if planted:
                now.append(planted)
        self.judge(now, [str(p.relative_to(self.root)) for p in untouched])
        for restore in reversed(undo):
            restore()
        self.planted += now

    def plant(self, target, image, undo):
        content, picture = target.read_bytes(), self.pictures[image]
        pair = Pair(*size_of(picture), self.classes, self.pictures[self.chance.choice(self.images)])
        catalogue = image_faults.faults_for(content) if target == image else label_faults.FAULTS
        fault = self.chance.choice(catalogue)
        changed = fault.apply(content, self.chance, pair)
        if changed is None or (changed == content and not fault.new_suffix):
            return None
        times = target.stat()
        new = target.with_suffix(fault.new_suffix) if fault.new_suffix else target

        def restore():
            new.unlink()
            target.write_bytes(content)
            os.utime(target, ns=(times.st_atime_ns, times.st_mtime_ns))

        undo.append(restore)
        target.unlink()
        new.write_bytes(changed)
        os.utime(new, ns=(times.st_atime_ns, times.st_mtime_ns))  # as a disk that rots, not a person who edits
        kind = "label" if target != image else "JPEG" if image_faults.is_jpeg(content) else "PNG"
        return Planted(fault, kind, str(new.relative_to(self.root)))

    def judge(self, now, untouched):
        plain, compared = self.findings(), self.findings("--manifest", self.manifest)
        for planted in now:
            new = plain.get(planted.path, set()) - self.clean.get(planted.path, set())
            planted.noticed, planted.rules = bool(new), tuple(sorted({rule for rule, *_ in new}))
            planted.named = any(rule in planted.fault.rules for rule, *_ in new)
            planted.in_manifest = any(rule.startswith("checksum/") for rule, *_ in compared.get(planted.path, ()))
        # A label stays untouched when its image is damaged, yet what is known of its image is not the same: pixel rules
        # may fall silent, never speak up.
        self.controls += len(untouched)
        for path in untouched:
            self.false_alarms += [(path, *f) for f in compared.get(path, set()) - self.clean.get(path, set())]
