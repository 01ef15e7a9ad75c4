#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# libtorch2.sh [TORCH]: builds against LibTorch 2.x in build/libtorch2 and runs the tests there.
# TORCH: the torch folder of a Python wheel, or LibTorch's zip unpacked. Without it pip fetches the wheel into
# build/libtorch2-venv (Debian's Python needs python3-venv for that).
set -euo pipefail
cd "$(dirname "$0")/.."
torch=${1:-}
if [ -z "$torch" ]; then
    venv=build/libtorch2-venv
    [ -e $venv/complete ] || { python3 -m venv --clear $venv && $venv/bin/pip install --quiet torch && touch $venv/complete; }
    torch=$($venv/bin/python -c 'import torch, os; print(os.path.dirname(torch.__file__))')
fi
cmake -S . -B build/libtorch2 -G Ninja -DCMAKE_BUILD_TYPE=Release -DYOLO_WERROR=ON "-DYOLO_TORCH_ROOT=$torch"
cmake --build build/libtorch2
ctest --test-dir build/libtorch2 -j "$(nproc)" --output-on-failure
