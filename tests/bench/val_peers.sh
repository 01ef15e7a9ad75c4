#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# val_peers.sh WEIGHTS.pt BCCD PYTHON [IMGSZ] [COPIES] [ROUNDS] [BIN]: our validation beside Ultralytics', turn by
# turn: bccd's 87 val pictures COPIES times (so that start-up does not dominate), batch 16, float32, rectangular
# batches, CPU. Each line: seconds and images per second of the whole process, then what the program says of its
# stages, peak memory and mAP. The first, uncounted Ultralytics run makes its label cache. PYTHON has ultralytics.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
weights=$(realpath "$1") bccd=$(realpath "$2") python=$3 imgsz=${4:-320} copies=${5:-8} rounds=${6:-3}
bin=$(realpath "${7:-$here/../../build/release/bin}")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
export YOLO_CONFIG_DIR="$scratch/config" YOLO_OFFLINE=true
python3 "$here/make_big.py" "$bccd" val big "$copies"
sed -i "s|^path: .*|path: $scratch/big|" big/data.yaml
images=$(find big/images -type f | wc -l)

# Runs a command; prints its seconds and images per second.
timed() {
    local name=$1 start end
    shift
    start=$(date +%s.%N)
    "$@" > out.txt 2> err.txt || { cat err.txt >&2; exit 1; }
    end=$(date +%s.%N)
    awk -v n="$images" -v s="$start" -v e="$end" -v name="$name" \
        'BEGIN { printf "%-12s %6.2f s %6.1f images/s; ", name, e - s, n / (e - s) }'
}
ours() {
    timed yolotrain "$bin/yolotrain-val" --weights "$weights" --data big/data.yaml --imgsz "$imgsz" --batch 16 \
        --format json
    python3 -c 'import json; r = json.load(open("out.txt")); s = r["speed_ms"]
print("validating %.2f s," % (r["images"] * sum(s.values()) / 1000), " ".join(f"{k} {v:.2f}" for k, v in s.items()),
      "peak %.0f MiB, mAP50-95 %.4f" % (r["peak_memory_bytes"] / 2**20, r["metrics"]["mAP50-95"]))'
}
theirs() {
    timed ultralytics "$python" "$here/val_ultralytics.py" "$weights" big/data.yaml "$imgsz" 16
    tail -1 out.txt
}
grep -m1 "model name" /proc/cpuinfo | cut -d: -f2
echo "$images images, imgsz $imgsz"
"$python" "$here/val_ultralytics.py" "$weights" big/data.yaml "$imgsz" 16 > warm.txt 2>&1
for _ in $(seq "$rounds"); do
    ours
    theirs
done
