#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# pack.sh COCO128 [BIN]: images per second and peak memory of packing coco128 ten times over at 640 px,
# codecs raw and jpeg, page cache warm.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
coco=$1 bin=${2:-$here/../../build/release/bin}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 "$here/make_big.py" "$coco" train2017 "$scratch/big" 10
for codec in raw jpeg; do
    python3 "$here/measure.py" --runs 5 --count 1280 --before "rm -rf $scratch/shards; sync" -- \
        "$bin/yolodata" pack "$scratch/big/data.yaml" "$scratch/shards" --split train --imgsz 640 --codec $codec --quiet
done
# Beside it, the sum of the parts of that work.
"$bin/../bench/pack_bench" "$scratch/big/data.yaml" "$scratch/parts"
