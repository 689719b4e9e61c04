"""Where the C programs are, how they are compiled, and the type of the fixture `compare`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from running import Outcome

PROGRAMS = Path(__file__).parent / "programs"
NATIVE_FLAGS = ("-O1", "-ffp-contract=off")
# What a user ships, what a debug build is (every local in memory, no folding), what is small, and what uses
# instructions that compilers do not use by themselves yet.
OPTIMISATIONS = {
    "O2": ("-O2",),
    "O3-new": ("-O3", "-mtail-call", "-mreference-types", "-mmultivalue"),
    "O0": ("-O0", "-fno-sanitize=undefined"),
    "Oz": ("-Oz",),
}


class Compare(Protocol):
    """Runs one program natively and as wasm, each in a folder with the same files; both must agree."""

    def __call__(
        self,
        program: str,
        args: Sequence[str] = (),
        *,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        files: Mapping[str, bytes] | None = None,
        opt: str = "O2",
    ) -> Outcome: ...
