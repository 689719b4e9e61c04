"""What every test may ask for: the project's root, and the shared folder with the conformance suites.

The shared folder is `../shared` beside the project, or what PYWASI_SHARED names. A test that needs it and
does not find it skips and says how to get it; with CI=true its absence is a failure, so that a run cannot
pass by skipping.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

import locate

# A shell without job control starts its background jobs with Ctrl-C ignored, and children inherit that: the
# programs that the tests interrupt would run on for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Where `make test` builds the package; the projects that tests build have folders of their own.
if folder := os.environ.pop("SKBUILD_BUILD_DIR", None):
    os.environ["PYWASI_PACKAGE_BUILD"] = folder

# What measures how soon something happens: nothing else may run beside it.
ALONE = ("tests/unit/test_stopping", "tests/unit/test_threads")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks tests for `-m alone`."""
    for item in items:
        if item.nodeid.startswith(ALONE):
            item.add_marker("alone")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """With `-n`: which tests one process runs."""
    from shared_fixtures import Scheduling

    return Scheduling(config, log)


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The folder that holds pyproject.toml."""
    return locate.ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The shared folder; skips (or fails with CI=true) where it is missing."""
    folder = locate.shared_folder()
    if folder is None:
        locate.missing(locate.SHARED_ADVICE)
    return folder


@pytest.fixture(scope="session")
def spec_testsuite(shared: Path) -> Path:
    """The folder of the official spec tests."""
    folder = shared / "conformance" / "spec-testsuite"
    if not folder.is_dir():
        locate.missing(f"{folder} is missing. {locate.SHARED_ADVICE}")
    return folder
