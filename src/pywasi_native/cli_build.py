"""The commands that make packages: build."""

from __future__ import annotations

import sys

from .build import BuildError, build_project

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def command(options: argparse.Namespace) -> int:
    """Runs the command that the options name; gives the exit code."""
    try:
        return _build(options)
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


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _quiet(_line: str) -> None:
    pass
