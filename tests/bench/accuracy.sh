#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# accuracy.sh BCCD OUT [SEED] [BIN] [AMP]: trains yolov8n from scratch on bccd (320 px, batch 16, 80 epochs, CPU) and
# prints the best epoch. Half an hour on two cores; run again after an interruption, it goes on.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bccd=$1 out=$2 seed=${3:-0} bin=${4:-$here/../../build/release/bin} amp=${5:-off}
mkdir -p "$out"
"$bin/yolodata" pack "$bccd/data.yaml" "$out/shards" --imgsz 320 --if-changed
"$bin/yolotrain" fit --data "$out/shards" --model yolov8n --imgsz 320 --batch 16 --epochs 80 --seed "$seed" --amp "$amp" \
    --device cpu --project "$out/runs" --name "seed$seed-$amp" --resume
python3 - "$out/runs/seed$seed-$amp/results.csv" <<'PY'
import csv, sys
rows = [{k.strip(): v for k, v in row.items()} for row in csv.DictReader(open(sys.argv[1]))]
best = max(rows, key=lambda row: float(row["metrics/mAP50-95(B)"]))
print(f"best epoch {best['epoch']}: mAP50-95 {best['metrics/mAP50-95(B)']}, mAP50 {best['metrics/mAP50(B)']}; "
      f"{len(rows)} epochs in {rows[-1]['time']} s")
PY
