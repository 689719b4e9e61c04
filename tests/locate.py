"""Where things are, for tests that have to know while they are collected (fixtures: conftest.py)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED_ADVICE = (
    "Put the conformance suites into ../shared beside the project (../shared/conformance/spec-testsuite is "
    "test/core of github.com/WebAssembly/spec), or name their folder in PYWASI_SHARED."
)


def on_ci() -> bool:
    """Whether an absent tool or folder is a failure and no reason to skip."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def shared_folder() -> Path | None:
    """The shared folder, or None where it is missing."""
    folder = Path(os.environ.get("PYWASI_SHARED") or ROOT.parent / "shared")
    return folder if folder.is_dir() else None


def missing(what: str) -> NoReturn:
    """Ends the test: a skip that says what to get, or a failure with CI=true."""
    if on_ci():
        pytest.fail(f"{what} (CI=true: nothing may be skipped for want of it)")
    pytest.skip(what)
