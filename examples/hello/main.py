"""Runs a WASI program in a sandbox, and calls a C library that was imported like a Python module."""

import sys
from pathlib import Path

import shapes

import pywasi_native as wasm

HERE = Path(__file__).parent

done = wasm.run(HERE / "hello.wasm", ["world"], dirs={".": wasm.ro(HERE)}, capture_output=True, text=True)
print(done.stdout, end="")
if done.returncode != 0:
    print(done.stderr, end="", file=sys.stderr)
    sys.exit(done.returncode)

print(f"A circle of radius 2 has the area {shapes.circle_area(2):.6f}.")
print(f"A triangle with the sides 3, 4, 5 has the area {shapes.triangle_area(3, 4, 5):g}.")
print(f"The greatest common divisor of 1071 and 462 is {shapes.greatest_common_divisor(1071, 462)}.")
