#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# verify.sh COCO128 [BIN]: images per second and peak memory of the full check (SHA-256, whole decode, labels)
# on 5,120 JPEGs: coco128 forty times over, page cache warm.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
coco=$1 bin=${2:-$here/../../build/release/bin}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 "$here/make_big.py" "$coco" train2017 "$scratch/big" 40
python3 "$here/measure.py" --count 5120 -- "$bin/yolodata" verify "$scratch/big/data.yaml" --format json --output "$scratch/report.json"
python3 "$here/measure.py" --count 5120 -- "$bin/yolodata" verify "$scratch/big/data.yaml" --format json --output "$scratch/report.json" --jobs 1
