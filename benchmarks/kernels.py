"""The programs that are run, with the amount of work that takes an interpreter some tenths of a second."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import debian, toolchain

PROGRAMS = Path(__file__).parent / "programs"
REAL = Path(__file__).parent / "real"
SIMD = Path(__file__).parent / "simd"
WASM_FLAGS = ("-O3", toolchain.PORTABLE_CPU)
VECTOR_FLAGS = ("-O3", f"{toolchain.PORTABLE_CPU}+simd128")
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
        return ["-w", "-I../programs", f"-I{self.sources()}"] if self.sources else []

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


@dataclass(frozen=True)
class SimdKernel(Kernel):
    """A program of `simd/`: built with v128 and without; both compute the same."""

    @property
    def source(self) -> Path:
        """The C file."""
        return SIMD / f"{self.name}.c"

    def flags(self) -> list[str]:
        """Where `bench.h` is."""
        return ["-I../programs"]

    def vector_wasm(self) -> Path:
        """The module with v128; `wasm` is the one without."""
        return toolchain.build_reactor(self.source, ["run"], [*VECTOR_FLAGS, *self.flags()])

    def scalar_native(self) -> Path:
        """`native` without vector instructions (as far as the compiler makes them)."""
        plain = ["-DBENCH_SCALAR", "-fno-vectorize", "-fno-slp-vectorize"]
        flags = [*NATIVE_FLAGS, *self.flags(), *plain]
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
SIMD_KERNELS = (
    SimdKernel("vgemm", 24),
    SimdKernel("vdot", 900),
    SimdKernel("vblend", 300),
    SimdKernel("vblur", 400),
    SimdKernel("vmandel", 90),
    SimdKernel("vchacha", 160),
    SimdKernel("vcount", 400),
)
