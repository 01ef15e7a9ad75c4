#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# augment.sh COCO128 [BIN] [COUNT]: training samples a second of one core from shards of coco128 ten times over at 640 px,
# raw and jpeg, by render() and by the chain of OpenCV calls, in turns (user and system time; three rounds).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
coco=$1 bin=${2:-$here/../../build/bench/bin} count=${3:-1024}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 "$here/make_big.py" "$coco" train2017 "$scratch/big" 10
for codec in raw jpeg; do
    "$bin/yolodata" pack "$scratch/big/data.yaml" "$scratch/$codec" --split train --imgsz 640 --codec $codec --quiet
done
for round in 1 2 3; do
    for codec in raw jpeg; do
        "$bin/../bench/augment_bench" "$scratch/$codec" train 640 "$count"
        "$bin/../bench/augment_bench" "$scratch/$codec" train 640 "$count" chain
    done
done
