"""The commands that make packages: build and new."""

from __future__ import annotations

import sys
from pathlib import Path

from .build import BuildError, build_project

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def command(options: argparse.Namespace) -> int:
    """Runs the command that the options name; gives the exit code."""
    try:
        return _build(options) if options.verb == "build" else _new(options)
    except BuildError as error:
        if error.detail:
            print(error.detail, file=sys.stderr)
        print(f"pywasi: {error}", file=sys.stderr)
        if error.advice:
            print(f"help: {error.advice}", file=sys.stderr)
        return 1


def _build(options: argparse.Namespace) -> int:
    built = build_project(
        options.folder, say=_quiet if options.quiet else _say, debug=options.debug, check=options.check
    )
    if not options.check:
        for name, data in built.files.items():
            if not options.quiet:
                state = "written" if name in built.changed else "as before"
                print(f"{name}: {state}, {len(data)} bytes")
        return 0
    if not built.changed:
        return 0
    raise BuildError(f"stale: {', '.join(built.changed)}", "pywasi build")


def _new(options: argparse.Namespace) -> int:
    from .build.new_package import BACKENDS, new_package

    if options.backend not in BACKENDS:
        raise BuildError(f"--backend {options.backend}: none of {', '.join(BACKENDS)}")
    for name in new_package(Path(options.folder), options.backend, options.name):
        print(f"{options.folder}/{name}")
    print(f"\nnext:\n  cd {options.folder}\n  python -m pip install -e '.[test]'")
    print("  python -m pytest\n  python -m mypy")
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _quiet(_line: str) -> None:
    pass
