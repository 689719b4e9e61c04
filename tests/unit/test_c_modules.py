"""The bytes that the C tests run are those of their text sources."""

from __future__ import annotations

import importlib.util
from pathlib import Path

C_TESTS = Path(__file__).parents[1] / "c"


def test_engine_modules_header_is_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("assemble", C_TESTS / "assemble.py")
    assert spec is not None
    assert spec.loader is not None
    assemble = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(assemble)
    assert (C_TESTS / "engine_modules.h").read_text(encoding="utf-8") == assemble.render(), (
        "run: python tests/c/assemble.py"
    )
