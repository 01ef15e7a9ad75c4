# SPDX-License-Identifier: Apache-2.0
"""run_onnx.py MODEL INPUT OUTPUT N C H W: runs a model by onnxruntime on raw float32 numbers."""
import sys

import numpy as np
import onnx
import onnxruntime

model, source, target, *shape = sys.argv[1:]
onnx.checker.check_model(model, full_check=True)
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
pixels = np.fromfile(source, "<f4").reshape([int(side) for side in shape])
(result,) = session.run(["output0"], {"images": pixels})
print(*result.shape)
result.astype("<f4").tofile(target)
