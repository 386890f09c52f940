"""What onnxruntime makes of a model.

Usage: python3 onnx_run.py MODEL.onnx ROWS.npy

Checks the file with ONNX's own checker, shapes and types included, and prints the outputs for the
rows, one after the other. Needs onnx (made with 1.23), onnxruntime (1.32) and numpy.
"""

import sys

import numpy
import onnx
import onnxruntime

model = onnx.load(sys.argv[1])
onnx.checker.check_model(model, full_check=True)
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
(wanted,) = session.get_inputs()
kind = {"tensor(float)": numpy.float32, "tensor(double)": numpy.float64}[wanted.type]
(outputs,) = session.run(["output"], {wanted.name: numpy.load(sys.argv[2]).astype(kind)})
print(*(repr(float(y)) for y in outputs.flatten()))
