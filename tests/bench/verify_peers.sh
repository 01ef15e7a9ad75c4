#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# verify_peers.sh COCO128 UL_PYTHON UL_SCAN [BIN]: the full check of 5,120 JPEGs beside Ultralytics' own scan of
# headers and labels and jpeginfo -c, in alternating runs on one machine; medians of five and ratios.
# UL_PYTHON: an interpreter with ultralytics; UL_SCAN: a script that is given a folder with a data.yaml, scans it
# without a cache and prints "… img/s N rss_mb M". jpeginfo runs in as many processes as there are CPUs.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
coco=$1 python=$2 scan=$3 bin=${4:-$here/../../build/release/bin}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export YOLO_CONFIG_DIR=$scratch/config YOLO_OFFLINE=true
python3 "$here/make_big.py" "$coco" train2017 "$scratch/big" 40
cd "$scratch"
sed -i "s#^path:.*#path: $scratch/big#" big/data.yaml  # a relative path is not relative to data.yaml there
now() { date +%s.%N; }
one() { # one NAME COMMAND…: images a second of the whole process
    local name=$1 start stop; shift
    start=$(now); "$@" > out.txt 2>&1 || [ $? -eq 1 ]; stop=$(now)
    echo "$name $(python3 -c "print(5120 / ($stop - $start))")" >> rates.txt
}
for run in warm 1 2 3 4 5; do
    one yolodata "$bin/yolodata" verify big/data.yaml --format json --output report.json --quiet
    one jpeginfo bash -c "find big/images -name '*.jpg' -print0 | xargs -0 -P $(nproc) -n 640 jpeginfo -c"
    one ultralytics "$python" "$scan" "$scratch/big"
    # Its start does not count: the script times the scan alone.
    echo "ultralytics-scan $(grep -o 'img/s [0-9]*' out.txt | cut -d' ' -f2)" >> rates.txt
    [ "$run" != warm ] || : > rates.txt
done
grep -o 'rss_mb [0-9]*' out.txt
python3 - <<'PY'
import statistics
rates = {}
for line in open("rates.txt"):
    name, rate = line.split()
    rates.setdefault(name, []).append(float(rate))
ours = statistics.median(rates["yolodata"])
for name, all in rates.items():
    print(f"{name:<17} {min(all):6.0f} {statistics.median(all):6.0f} {max(all):6.0f} img/s   ratio {ours / statistics.median(all):.2f}")
PY
