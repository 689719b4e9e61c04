"""A package whose functions are in `_shapes.wasm`."""

import pywasi_native

pywasi_native.install(__name__)  # from here on, `import shapes._shapes` finds _shapes.wasm

from ._shapes import circle_area, greatest_common_divisor, triangle_area  # noqa: E402

__all__ = ["circle_area", "greatest_common_divisor", "triangle_area"]
