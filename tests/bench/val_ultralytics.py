# SPDX-License-Identifier: Apache-2.0
"""val_ultralytics.py WEIGHTS data.yaml IMGSZ BATCH: one validation by Ultralytics on the CPU in float32, timed.

Prints seconds of the validation alone (from its start callback to its end callback), milliseconds of
each stage and peak memory, in val_peers.sh's columns.
"""
import resource
import sys
import time

from ultralytics import YOLO

weights, data, imgsz, batch = sys.argv[1:]
moments = {}
model = YOLO(weights)
model.add_callback("on_val_start", lambda _: moments.setdefault("start", time.monotonic()))
model.add_callback("on_val_end", lambda _: moments.setdefault("end", time.monotonic()))
result = model.val(data=data, imgsz=int(imgsz), batch=int(batch), device="cpu", plots=False, verbose=False)
seconds = moments["end"] - moments["start"]
stages = " ".join(f"{stage} {ms:.2f} ms" for stage, ms in result.speed.items() if stage != "loss")
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"validating {seconds:.2f} s, {stages}, peak {peak:.0f} MiB, mAP50-95 {result.box.map:.4f}")
