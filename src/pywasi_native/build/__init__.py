"""``pywasi build``: from C, C++ or Zig sources to ``_core.wasm``, ``_core.py`` and ``_core.pyi``.

    from pywasi_native.build import build_project

    build_project(".")                 # reads [tool.pywasi] of ./pyproject.toml

The build back ends and the command line call the same function. Nothing of this is needed, or imported, where
a package that was built runs.
"""

from __future__ import annotations

from .build_error import BuildError
from .project import Built, build_project
from .settings import Settings

__all__ = ["BuildError", "Built", "Settings", "build_project"]
