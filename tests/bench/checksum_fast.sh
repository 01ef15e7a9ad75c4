#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# checksum_fast.sh COCO128 [BIN]: what checking an unchanged tree again costs, page cache warm: verify,
# checksum --check, --check --fast, --check --sample 10%. First on 10,240 small files (coco128 forty times
# over), then on 5,000 files of 400 kB with a label each, as a camera writes them (random bytes: only their
# digest counts here).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
coco=$1 bin=${2:-$here/../../build/release/bin}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

measure() {
    python3 "$here/measure.py" -- "$@"
}

compare_ways() {
    "$bin/yolodata" checksum "$1" --quiet
    measure "$bin/yolodata" checksum "$1" --check
    measure "$bin/yolodata" checksum "$1" --check --fast
    measure "$bin/yolodata" checksum "$1" --check --sample 10%
}

echo "## 10,240 small files"
python3 "$here/make_big.py" "$coco" train2017 "$scratch/small" 40
measure "$bin/yolodata" verify "$scratch/small" --fail-on never --output "$scratch/report"
compare_ways "$scratch/small"

echo "## 10,000 files, 2 GB"
mkdir -p "$scratch"/large/{images,labels}
python3 - "$scratch/large" <<'END'
import os, pathlib, sys
root = pathlib.Path(sys.argv[1])
for i in range(5000):
    (root / f"images/{i:05d}.jpg").write_bytes(os.urandom(400_000))
    (root / f"labels/{i:05d}.txt").write_text("0 0.5 0.5 0.25 0.25\n" * 7)
END
compare_ways "$scratch/large"
