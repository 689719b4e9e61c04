"""The programs of `programs/` with the amount of work that takes an interpreter some tenths of a second."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import debian, toolchain

PROGRAMS = Path(__file__).parent / "programs"
REAL = Path(__file__).parent / "real"
WASM_FLAGS = ("-O3", toolchain.PORTABLE_CPU)
# Native code must compute what wasm does: no fused multiply-add. Not this machine's newest instructions
# either, but those of any x86-64 of the last fifteen years.
NATIVE_FLAGS = ("-O3", "-ffp-contract=off", *(["-mcpu=x86_64_v2"] if platform.machine() == "x86_64" else []))
MASK = (1 << 64) - 1


@dataclass(frozen=True)
class Kernel:
    """One program and its unit count; `least` is the smallest count that means anything for it."""

    name: str
    units: int
    least: int = 1
    exponential: bool = False
    sources: Callable[[], Path] | None = None  # of a real program: where the rest of it is

    @property
    def source(self) -> Path:
        """The C file."""
        return (REAL if self.sources else PROGRAMS) / f"{self.name}.c"

    def flags(self) -> list[str]:
        """Where the compiler finds the sources of a real program, whose warnings are not ours.

        Raises:
            NoSource: they cannot be had here.
        """
        return ["-w", f"-I{self.sources()}"] if self.sources else []

    def scaled(self, scale: float) -> int:
        """The unit count for a run of `scale` times the normal length."""
        if self.exponential:
            return self.units if scale >= 1 else self.least
        return max(self.least, round(self.units * scale))

    def wasm(self) -> Path:
        """The module: exports `run` (and `_initialize`), imports nothing."""
        return toolchain.build_reactor(self.source, ["run"], [*WASM_FLAGS, *self.flags()])

    def command(self) -> Path:
        """The same as a WASI program that takes the unit count and prints the checksum."""
        return toolchain.build_command(self.source, [*WASM_FLAGS, *self.flags(), "-DBENCH_COMMAND"])

    def native(self) -> Path:
        """The same as a shared object of this machine, by the same compiler."""
        flags = [*NATIVE_FLAGS, *self.flags()]
        return toolchain.build_shared(self.source, flags, compiler=toolchain.zig_cc())


KERNELS = (
    Kernel("fib", 34, least=20, exponential=True),
    Kernel("sieve", 24),
    Kernel("sha256", 700),
    Kernel("crc32", 250),
    Kernel("matmul", 30),
    Kernel("nbody", 250),
    Kernel("mandelbrot", 60),
    Kernel("hashtable", 150),
    Kernel("stringsort", 30),
    Kernel("heapsort", 30),
    Kernel("lz", 60),
    Kernel("bytecode", 120),
    Kernel("indirect", 700),
    Kernel("bigint", 60),
    Kernel("bulk", 60),
    Kernel("permute", 9, least=7, exponential=True),
    Kernel("statemachine", 200),
    Kernel("lua", 40, sources=debian.lua),
    Kernel("sqlite", 20, sources=debian.sqlite),
)
