"""Prints the requirements of an extra of pyproject.toml, one a line, without the package: `extra.py dev`."""

import sys
import tomllib
from pathlib import Path

PROJECT = tomllib.loads(Path(__file__).resolve().parents[1].joinpath("pyproject.toml").read_text())["project"]


def requirements(extra: str) -> list[str]:
    """The requirements of one extra, with those of the extras that it names."""
    found: list[str] = []
    for line in PROJECT["optional-dependencies"][extra]:
        inner = line.removeprefix(PROJECT["name"] + "[").removesuffix("]")
        found += requirements(inner) if inner != line else [line]
    return found


if __name__ == "__main__":
    print(*requirements(sys.argv[1]), sep="\n")
