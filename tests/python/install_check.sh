#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# install_check.sh SOURCE BUILD: installs the package by pip into a virtual environment under BUILD and reads the
# golden set with it, away from the source tree.
set -euo pipefail
source=$(realpath "$1") build=$(realpath "$2")
python3=/usr/bin/python3
"$python3" -c 'import ensurepip' 2> /dev/null || { echo "skipped: this Python makes no virtual environments (python3-venv)"; exit 0; }
rm -rf "$build/python-venv"
"$python3" -m venv "$build/python-venv"
"$build/python-venv/bin/pip" install --quiet --disable-pip-version-check "$source"
cd /
"$build/python-venv/bin/python" - "$source/tests/vectors/shards/v1" <<'P'
import sys
import yolodata
assert yolodata.splits(sys.argv[1]) == {"train": 4, "val": 1}
print([(image.shape, boxes.shape) for image, boxes in yolodata.ShardReader(sys.argv[1], "train", on_bad="skip")])
P
