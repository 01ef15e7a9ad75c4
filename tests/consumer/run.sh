#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD SOURCE: installs the build into a scratch folder and builds samples/reader against it, as a
# stranger would; the reader must read what the installed programs packed.
set -euo pipefail
build=$1 source=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cmake --install "$build" --prefix "$scratch/usr" > "$scratch/install.log"
cmake -S "$source/samples/reader" -B "$scratch/reader" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_PREFIX_PATH="$scratch/usr" > "$scratch/configure.log" || { cat "$scratch/configure.log"; exit 1; }
cmake --build "$scratch/reader"

"$scratch/usr/bin/yolodata" pack "$source/samples/bccd/data.yaml" "$scratch/shards" --imgsz 64 --quiet
"$scratch/reader/reader" "$scratch/shards" val | tee "$scratch/out"
grep -q '^20 records, 245 boxes, .* 0 bad$' "$scratch/out"
