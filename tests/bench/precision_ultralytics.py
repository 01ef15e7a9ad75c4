# SPDX-License-Identifier: Apache-2.0
"""precision_ultralytics.py WEIGHTS.safetensors IMGSZ OUT: how far the loss' gradients under torch's bfloat16 autocast are
from those in float32, for the samples that precision_bench left in OUT."""
import sys

import numpy as np
import torch
from safetensors.torch import load_file
from ultralytics.cfg import get_cfg
from ultralytics.nn.tasks import DetectionModel

weights, side, out = load_file(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
classes = weights["model.22.cv3.0.2.bias"].numel()
model = DetectionModel("yolov8n.yaml", nc=classes, verbose=False)
model.args = get_cfg()
images = torch.from_numpy(np.fromfile(f"{out}/images.u8", np.uint8).reshape(-1, 3, side, side)).float() / 255
targets = torch.from_numpy(np.fromfile(f"{out}/targets.f32", np.float32).reshape(-1, 6))
batch = {"img": images, "batch_idx": targets[:, 0], "cls": targets[:, 1:2], "bboxes": targets[:, 2:]}


def gradients(rounded):
    model.load_state_dict(weights)
    model.train()
    model.zero_grad()
    model.criterion = None
    with torch.autocast("cpu", torch.bfloat16, enabled=rounded):
        loss, _ = model.loss(batch)
    loss.sum().backward()
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])


exact, rounded = gradients(False), gradients(True)
off, cosine = (rounded - exact).norm() / exact.norm(), torch.cosine_similarity(exact, rounded, 0)
print(f"bfloat16 against float32: {off:.4f} off, cosine {cosine:.5f}")
