"""What the application grants to packages whose ``.wasm`` files it imports.

In code, before the import:

    pywasi_native.grant("unzipper", wasm.Wasi(stderr=wasm.INHERIT, dirs={"/out": wasm.rw("out")}))

or in a policy file:

    [tool.pywasi.grants."unzipper"]
    args = ["-v"]                    # the whole argv
    env = { LANG = "C" }             # or a list of names, which are copied from the environment
    stdin = "in.txt"                 # a path, or "inherit"; stdout and stderr likewise
    stderr = "inherit"
    dirs = { "/in" = "data", "/out" = { path = "o", access = ["read", "write"] }, "/tmp" = { mem = "64MiB" } }
    clock = 0                        # nanoseconds of a fixed clock, or "system"
    random = 42                      # a seed, or "system"

Relative paths are relative to the policy file; ``mem`` is a tree in memory of that size, one for all modules
of the package. The file is, the first that there is:

1. what `load` was given;
2. what the environment variable ``PYWASI_POLICY`` names (empty: no file at all);
3. ``pyproject.toml`` in the folder of the script that runs, or beside the package that ``python -m`` runs.
   Not with ``-P`` or ``-I``, and never in the current directory or above: others may write there.

A grant is for a package and what is in it; that of the longest name counts, one in code before one in the
file. A module gets what its package asks for (`asks`) out of what is granted. Beside the policy file a
``pywasi.lock`` may hold what was approved (`approvals`).
"""

from __future__ import annotations

import os
import sys

from . import asks as asking
from .errors import CapabilityError
from .linking import is_wasi
from .wasi import Wasi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from .approvals import Approvals
    from .asks import Ask
    from .module import Module

ENVIRONMENT = "PYWASI_POLICY"


class Policy:
    """The grants of one policy file, by package."""

    def __init__(self, path: str, grants: dict[str, Wasi]) -> None:
        self.path, self.grants = path, grants

    def approvals(self) -> Approvals | None:
        """What was approved, by the lock file beside it; None without one."""
        from .approvals import lock_file, read

        return read(lock_file(self.path))


# Functions that are of use only with a capability: beginnings of their names, the most telling first.
_USES = {
    "args": ("args_get",), "env": ("environ_get",), "clock": ("clock_time_get",), "random": ("random_get",),
    "stdin": ("fd_read",), "stdout": ("fd_write",), "stderr": ("fd_write",),
    "dirs": ("path_open", "path_", "fd_prestat_get"), "sockets": ("sock_accept", "sock_"),
}  # fmt: skip
_in_code: dict[str, Wasi] = {}
_loaded: Policy | None = None


def grant(package: str, wasi: Wasi | None) -> None:
    """Grants something to the ``.wasm`` files of a package that is imported later.

    Args:
        package: its import name, as in ``import package``; its subpackages are included.
        wasi: what they may do; None takes a grant back.
    """
    if not isinstance(package, str) or not all(part.isidentifier() for part in package.split(".")):
        raise ValueError(f"{package!r} is no name of a package")
    if wasi is None:
        _in_code.pop(package, None)
        return
    if not isinstance(wasi, Wasi):
        raise TypeError(f"a grant is a wasm.Wasi(...), not a {type(wasi).__name__}")
    _in_code[package] = wasi


def load(path: str | os.PathLike[str] | None) -> None:
    """Takes this policy file instead of looking for one; None: looks for one again.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not of the form that the head of this file shows.
    """
    global _loaded
    _loaded = read_policy(os.fspath(path)) if path is not None else None


def read_policy(path: str, data: bytes | None = None) -> Policy:
    """The policy of a file, whose content may be there already; an empty one if it has no grants."""
    import tomllib

    from .policy_file import grants_of

    path = os.path.abspath(path)  # noqa: PTH100
    try:
        table = tomllib.loads((_content(path) if data is None else data).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {error}") from None
    return Policy(path, grants_of(table, path))


def _content(path: str) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123
        return file.read()


def find_policy() -> Policy | None:
    """The policy file that counts now, read anew unless `load` gave it."""
    if _loaded is not None:
        return _loaded
    named = os.environ.get(ENVIRONMENT)
    if named is not None:
        return read_policy(named) if named else None
    folder = _application_folder()
    path = os.path.join(folder, "pyproject.toml") if folder else ""  # noqa: PTH118
    if not path or not os.path.isfile(path):  # noqa: PTH113
        return None
    # Most have nothing for us, and the reader of TOML is slow to import.
    data = _content(path)
    return read_policy(path, data) if b"pywasi" in data else Policy(path, {})


def _application_folder() -> str | None:
    """The folder of the script, or the one that holds the package of ``python -m``."""
    main = sys.modules.get("__main__")
    file = getattr(main, "__file__", None)
    if sys.flags.safe_path or not isinstance(file, str):
        return None
    folder = os.path.dirname(os.path.abspath(file))  # noqa: PTH100, PTH120
    package = getattr(getattr(main, "__spec__", None), "parent", None)
    for _ in package.split(".") if package else ():
        folder = os.path.dirname(folder)  # noqa: PTH120
    return folder


def granted_to(package: str, policy: Policy | None) -> Wasi | None:
    """What the application grants to a package, None if it says nothing about it."""
    sources = [_in_code, policy.grants] if policy is not None else [_in_code]
    for name in _and_parents(package):
        for source in sources:
            if name in source:
                return source[name]
    return None


def _and_parents(package: str) -> Iterator[str]:
    while package:
        yield package
        package = package.rpartition(".")[0]


def package_of(fullname: str) -> str:
    """The package in whose folder a module lies; a module on `sys.path` is its own."""
    return fullname.rpartition(".")[0] or fullname


def decide(fullname: str, module: Module, path: str, read: Callable[[str], bytes], own: Wasi | None) -> Wasi:
    """What an imported module gets.

    Args:
        fullname: its import name.
        module: compiled, not yet instantiated.
        path: its file.
        read: reads a file beside it; OSError if there is none.
        own: what the call of `install` gave, which counts where the application says nothing.

    Raises:
        CapabilityError: its package asks for what is not granted, or for more than was approved.
        ValueError: a file is not as it should be.
    """
    package = package_of(fullname)
    policy = find_policy()
    granted = granted_to(package, policy)
    if granted is None:
        granted = own if own is not None else Wasi()
    wanted = asked(fullname, path, read)
    approvals = policy.approvals() if policy is not None else None
    if approvals is not None:
        approvals.check(package, wanted or ())
    if wanted is None:
        known = approvals.packages.get(package) if approvals is not None else None
        bound = known.asks if known is not None else None
        return asking.restricted(granted, bound) if bound is not None else granted
    refused = [(ask, lack) for ask in wanted if not ask.optional and (lack := ask.lacks(granted))]
    if refused:
        raise CapabilityError(
            "\n  ".join(denial_text(package, ask, lack, module) for ask, lack in refused),
            package=package,
            capability=refused[0][1],
        )
    return asking.restricted(granted, wanted)


def asked(fullname: str, path: str, read: Callable[[str], bytes]) -> tuple[Ask, ...] | None:
    """What the package of a module asks for; None if it does not say."""
    if "." not in fullname:  # a folder of sys.path is nobody's package
        return None
    file = os.path.join(os.path.dirname(path), asking.FILE)  # noqa: PTH118, PTH120
    try:
        data = read(file)
    except OSError:
        return None
    return asking.parse(data, file)


def denial_text(package: str, ask: Ask, lack: str, module: Module) -> str:
    """Who wants what, for which import, why, and how it is granted."""
    call = wanting_import(module, ask)
    use = f" for {call}" if call else ", which nothing in it uses,"
    return (
        f"{package} wants {lack}{use} ({ask.reason}): not granted; grant it in {how_to_grant(package, ask)}"
    )


def wanting_import(module: Module, ask: Ask) -> str:
    """The first import of the module that is of no use without it, or an empty string."""
    imported = [(item.module, item.name) for item in module.imports if is_wasi(item.module)]
    for prefix in _USES[ask.kind]:
        for space, name in imported:
            if name.startswith(prefix) and name.isidentifier():
                return f"{space}.{name}"
    return ""


def how_to_grant(package: str, ask: Ask) -> str:
    """Both ways, as one can type them."""
    table, code = {
        "args": ('args = ["..."]', 'args=["..."]'),
        "env": (f'env = {{ {ask.part} = "..." }}', f'env={{"{ask.part}": "..."}}'),
        "dirs": (_dirs_toml(ask), f'dirs={{"{ask.part}": {_dirs_code(ask.access)}}}'),
        "sockets": ("", "sockets=[...]"),
        "clock": ('clock = "system"', "clock=wasm.SYSTEM_CLOCK"),
        "random": ('random = "system"', "random=wasm.SYSTEM_RANDOM"),
    }.get(ask.kind) or (f'{ask.kind} = "inherit"', f"{ask.kind}=wasm.INHERIT")
    in_file = f'[tool.pywasi.grants."{package}"] {table} or in ' if table else ""
    return f'{in_file}code: pywasi_native.grant("{package}", wasm.Wasi({code}))'


def _dirs_toml(ask: Ask) -> str:
    words = ", ".join(f'"{word}"' for word in ask.access)
    return f'dirs = {{ "{ask.part}" = {{ path = "...", access = [{words}] }} }}'


def _dirs_code(access: Sequence[str]) -> str:
    if tuple(access) == ("read",):
        return 'wasm.ro("...")'
    if tuple(access) == ("read", "write", "create", "delete"):
        return 'wasm.rw("...")'
    words: list[Any] = [f"{word}=True" for word in access if word != "read"]
    return f'wasm.dir("...", {", ".join([*words, *([] if "read" in access else ["read=False"])])})'
