"""What pytest collects: everything."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatch

import locate


def test_no_folder_of_tests_is_left_out() -> None:
    options = tomllib.loads((locate.ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"][
        "ini_options"
    ]
    left_out = [
        str(file.relative_to(locate.ROOT))
        for file in (locate.ROOT / "tests").rglob("test_*.py")
        for part in file.relative_to(locate.ROOT).parts[:-1]
        if any(fnmatch(part, pattern) for pattern in options["norecursedirs"])
    ]
    assert not left_out
