#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fit.sh BCCD [BIN]: images per second (start and end included, validation off) and peak memory of training
# yolov8n at batch 16, 320 px, on the CPU: two epochs of bccd's 205 training pictures.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bccd=$1 bin=${2:-$here/../../build/release/bin}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$bin/yolodata" pack "$bccd/data.yaml" "$scratch/shards" --imgsz 320 --quiet
python3 "$here/measure.py" --runs 3 --count 410 --before "rm -rf $scratch/runs" -- \
    "$bin/yolotrain" fit --data "$scratch/shards" --model yolov8n --imgsz 320 --batch 16 --epochs 2 --device cpu \
    --no-val --project "$scratch/runs" --quiet
