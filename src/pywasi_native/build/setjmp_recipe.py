"""setjmp and longjmp: clang makes them of WebAssembly exceptions, with one piece that nobody ships."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FLAGS = ("-mexception-handling", "-mllvm", "-wasm-enable-sjlj", "-mllvm", "-wasm-use-legacy-eh=false")

# longjmp throws this tag with a pointer to its arguments; wasi-libc of ziglang leaves its definition out.
TAG_FLAGS = ("-mexception-handling",)
TAG_SOURCE = """\
.globl __c_longjmp
.tagtype __c_longjmp i32
__c_longjmp:
"""

_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*[<\"](?:c?setjmp)(?:\.h)?[>\"]", re.MULTILINE)


def is_used(root: Path, files: Sequence[str]) -> bool:
    """Whether one of these files includes <setjmp.h> itself.

    A header that one of them includes may do so unseen: then the compiler's error gets the advice to say
    ``setjmp = true``.
    """
    return any(_INCLUDE.search((root / name).read_text("utf-8", "replace")) for name in files)
