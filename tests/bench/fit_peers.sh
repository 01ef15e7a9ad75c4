#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fit_peers.sh BCCD PYTHON UL_FIT.py [IMGSZ] [ROUNDS] [BIN]: our training beside Ultralytics', turn by turn: yolov8n,
# batch 16, CPU, bccd's 205 training pictures, validation off. Each line: images per second from the third step
# on, seconds from the start of the process to the first step, peak memory in MiB.
# PYTHON has ultralytics; UL_FIT.py trains with it and prints `img/s … first_step_s … peak_rss_mb …`.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bccd=$(realpath "$1") python=$2 ul_fit=$(realpath "$3") imgsz=${4:-320} rounds=${5:-3}
bin=$(realpath "${6:-$here/../../build/release/bin}")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
"$bin/yolodata" pack "$bccd/data.yaml" shards --imgsz "$imgsz" --quiet
cp -r "$bccd" ultralytics-data
sed -i "/^path:/d" ultralytics-data/data.yaml
echo "path: $scratch/ultralytics-data" >> ultralytics-data/data.yaml
grep -m1 "model name" /proc/cpuinfo | cut -d: -f2
epochs=2
for round in $(seq "$rounds"); do
    for amp in off bf16; do
        rm -rf runs
        echo -n "yolotrain --amp $amp: "
        python3 "$here/fit_steps.py" "$bin/yolotrain-fit" --data shards --model yolov8n --imgsz "$imgsz" --batch 16 \
            --epochs $epochs --device cpu --no-val --project runs --amp $amp
    done
    echo -n "ultralytics: "
    YOLO_CONFIG_DIR="$scratch/config" YOLO_OFFLINE=true "$python" "$ul_fit" ultralytics-data/data.yaml "$imgsz" 16 \
        $epochs 1 2> /dev/null | grep img/s
done
