"""The command line of the benchmark."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import packages, stops, toolchain
from .engines import ADAPTERS, distribution, version
from .kernels import KERNELS, SIMD_KERNELS

OUT = packages.ROOT / "build" / "benchmarks"
BOUNDARY_ROWS = ("call", "callback", "read16", "write1m", "buffers1k")
LOAD_ROWS = ("load", "load_27m", "load_69m", "load_yosys")
MEMORY_ROWS = ("instance",)
CYCLE_ROWS = ("cycle", "cycle_growth")
SNAPSHOT_ROWS = ("snapshot_take", "snapshot_reset", "snapshot_fork")
STOP_ROWS = tuple(f"{way}_{what}" for way in stops.WAYS for what in stops.WHATS)
POOL_ROWS = ("pool_small", "pool_64k", "pool_10ms")
SIZE_ROWS = ("wheel",)
WASI_ROWS = ("wasi_write16", "wasi_read16", "wasi_open_close", "wasi_clock_time")
GROUPS = {
    "boundary": BOUNDARY_ROWS,
    "import": ("import",),
    "load": LOAD_ROWS,
    "memory": MEMORY_ROWS,
    "cycles": CYCLE_ROWS,
    "snapshot": SNAPSHOT_ROWS,
    "stop": STOP_ROWS,
    "pool": POOL_ROWS,
    "threads": ("two_threads",),
    "async": ("async_waiting",),
    "size": SIZE_ROWS,
    "wasi": WASI_ROWS,
    "kernels": tuple(kernel.name for kernel in KERNELS),
    "fuel": tuple(f"fuel_{kernel.name}" for kernel in KERNELS),
    "simd": tuple(kernel.name for kernel in SIMD_KERNELS),
}
# Measured, where installed, if nothing else is asked for: both shells of this project beside the others.
STANDARD = ("pywasi", "pywasi-tail", "pywasm3", "wasmtime", "native")


@dataclass
class Options:
    """The command line, resolved."""

    engines: list[str]
    base: str
    commands: dict[str, str] = field(default_factory=dict)
    sites: dict[str, Path] = field(default_factory=dict)  # of engines that are builds of this project
    rounds: int = 5
    scale: float = 1.0
    only: list[str] = field(default_factory=list)
    large: bool = False
    quiet: bool = False
    out: Path = OUT
    publish: bool = False

    @property
    def columns(self) -> list[str]:
        """In-process engines and command lines."""
        return [*self.engines, *self.commands]

    def wants(self, group: str, name: str) -> bool:
        """Whether `--only` lets this row through."""
        return not self.only or group in self.only or name in self.only


def adapter(engine: str) -> str:
    """Which adapter of engines.py serves an engine: builds of this project have the one of `pywasi`."""
    return engine if engine in ADAPTERS else "pywasi"


def speaker(ours: Sequence[str]) -> str:
    """The build that speaks where the shell does not matter: the installed one, else the first; or none."""
    return "pywasi" if "pywasi" in ours else next(iter(ours), "")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measures engines against each other: CPU time, interleaved, medians of ratios.",
    )
    parser.add_argument(
        "--engines",
        help=f"comma-separated, of {', '.join([*ADAPTERS, *packages.SHELLS])} (default: all installed of "
        f"{', '.join(STANDARD)}); pywasi-goto and pywasi-tail are built from this tree",
    )
    parser.add_argument(
        "--build",
        action="append",
        default=[],
        metavar="NAME=WHERE",
        help="one more build of this project: a wheel, or a folder that `pip install --target` made",
    )
    parser.add_argument(
        "--command",
        action="append",
        default=[],
        metavar="NAME=TEMPLATE",
        help="a command-line engine for the kernels, with {file} and {n}: wasm3='wasm3 {file} {n}'",
    )
    parser.add_argument("--base", help="what the ratios are relative to (default: pywasm3, else the first)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0, help="amount of work; 0.05 for a quick look")
    parser.add_argument("--only", default="", help=f"comma-separated: {', '.join(GROUPS)}, or rows")
    parser.add_argument("--large", action="store_true", help="load Yosys too (17 MB from PyPI; minutes)")
    parser.add_argument("--out", type=Path, default=OUT, help="folder of the results (%(default)s)")
    parser.add_argument(
        "--publish", action="store_true", help="put the results into benchmarks/results and the README"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress")
    return parser


def _pairs(parser: argparse.ArgumentParser, option: str, given: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in given:
        name, equals, value = item.partition("=")
        if not (name and equals and value):
            parser.error(f"{option} {item!r}: NAME=... is wanted")
        if name in found or name in ADAPTERS or name in packages.SHELLS:
            parser.error(f"{option} {item!r}: the name is taken")
        found[name] = value
    return found


def _engines(parser: argparse.ArgumentParser, given: str | None) -> list[str]:
    if not given:
        return [engine for engine in STANDARD if engine in packages.SHELLS or version(engine)]
    engines = given.split(",")
    for name in engines:
        if name not in ADAPTERS and name not in packages.SHELLS:
            parser.error(
                f"unknown name {name!r}; there are {', '.join(sorted([*ADAPTERS, *packages.SHELLS]))}"
            )
        if name in ADAPTERS and not version(name):
            parser.error(f"{name} is not installed: pip install {distribution(name)}")
    return list(dict.fromkeys(engines))


def _only(parser: argparse.ArgumentParser, given: str) -> list[str]:
    only = given.split(",") if given else []
    known = {*GROUPS, *(row for rows in GROUPS.values() for row in rows)}
    for name in only:
        if name not in known:
            parser.error(f"unknown name {name!r}; there are {', '.join(sorted(known))}")
    return only


def parse(arguments: Sequence[str] | None) -> Options:
    """The command line; ends the program with advice where it asks for what is not there."""
    parser = _parser()
    given = parser.parse_args(arguments)
    engines, only = _engines(parser, given.engines), _only(parser, given.only)
    commands, builds = _pairs(parser, "--command", given.command), _pairs(parser, "--build", given.build)
    for template in commands.values():
        if "{file}" not in template or "{n}" not in template:
            parser.error(f"--command: {template!r} lacks {{file}} or {{n}}")
    if not toolchain.have_zig():
        parser.error("the programs are compiled by zig: pip install ziglang")
    try:
        sites = {name: packages.site(where) for name, where in builds.items()}
    except ValueError as error:
        parser.error(f"--build: {error}")
    engines += sites
    base = given.base or ("pywasm3" if "pywasm3" in engines else [*engines, *commands][0])
    if base not in [*engines, *commands]:
        parser.error(f"--base {base} is not among the engines")
    if given.rounds < 1 or given.scale <= 0:
        parser.error("--rounds and --scale must be positive")
    try:
        sites |= {engine: packages.built(engine) for engine in engines if engine in packages.SHELLS}
    except toolchain.BuildError as error:
        parser.error(f"this tree cannot be built (--engines can leave its builds out): {error}")
    return Options(
        engines, base, commands, sites, given.rounds, given.scale, only,
        given.large, given.quiet, given.out, given.publish,
    )  # fmt: skip
