"""What was approved: ``pywasi.lock`` beside the policy file, written by ``pywasi lock`` and ``approve``.

    {"version": 1,
     "packages": {"unzipper": {"asks": {"dirs:/out": ["read", "write"], "stdout": []},
                               "modules": {"_core.wasm": "sha256 in hex"}}}}

"asks" is null for a package that does not say what it asks for: it gets what is granted.

Where the file is there, a package that asks for more than stands in it is not imported: a trusted
dependency does not get more rights by an update that nobody read. A package that stops to say what it asks
for keeps what was approved. The hashes tell ``pywasi audit`` which modules are others than those that were
looked at.
"""

from __future__ import annotations

import os

from .asks import Ask, beyond, check_ask
from .errors import CapabilityError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

FILE = "pywasi.lock"
VERSION = 1


def lock_file(policy: str) -> str:
    """Where the lock of a policy file is."""
    return os.path.join(os.path.dirname(policy), FILE)  # noqa: PTH118, PTH120


class Entry:
    """What one package may ask for, and the modules that it had then."""

    __slots__ = ("asks", "modules")

    def __init__(self, asks: Iterable[Ask] | None, modules: Mapping[str, str]) -> None:
        self.asks, self.modules = None if asks is None else tuple(asks), dict(modules)


class Approvals:
    """The content of a lock file."""

    def __init__(self, path: str, packages: dict[str, Entry] | None = None) -> None:
        self.path = path
        self.packages: dict[str, Entry] = packages or {}

    def excess(self, package: str, asks: Iterable[Ask]) -> list[Ask]:
        """What a package asks for beyond what was approved."""
        entry = self.packages.get(package)
        return beyond(asks, (entry.asks or ()) if entry is not None else ())

    def check(self, package: str, asks: Iterable[Ask]) -> None:
        """Whether all that a package asks for was approved.

        Raises:
            CapabilityError: it asks for more.
        """
        more = self.excess(package, asks)
        if more:
            listed = "; ".join(f"{ask} ({ask.reason})" for ask in more)
            raise CapabilityError(
                f"{package} asks for more than {self.path} has approved: {listed}; "
                f"look at it, then: pywasi approve {package}",
                package=package,
                capability=str(more[0]),
            )

    def write(self) -> None:
        """Writes the file: the new one whole, or the old one stays."""
        import json

        packages = {
            name: {
                "asks": None if entry.asks is None else {a.capability: list(a.access) for a in entry.asks},
                "modules": dict(sorted(entry.modules.items())),
            }
            for name, entry in sorted(self.packages.items())
        }
        text = json.dumps({"version": VERSION, "packages": packages}, indent=2) + "\n"
        scratch = f"{self.path}.{os.getpid()}"
        with open(scratch, "x", encoding="utf-8") as file:  # noqa: PTH123
            file.write(text)
        os.replace(scratch, self.path)  # noqa: PTH105


def read(path: str) -> Approvals | None:
    """The approvals in a file, None if there is none.

    Raises:
        ValueError: it is not of the form above.
    """
    import json

    try:
        with open(path, "rb") as file:  # noqa: PTH123
            content = json.load(file)
    except FileNotFoundError:
        return None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {error}") from None
    if not isinstance(content, dict) or content.get("version") != VERSION:
        raise ValueError(f"{path}: no lock file of version {VERSION}; write it anew with pywasi lock")
    try:
        return Approvals(path, {name: _entry(item, path) for name, item in content["packages"].items()})
    except (KeyError, TypeError, AttributeError):
        raise ValueError(f"{path}: damaged; write it anew with pywasi lock") from None


def _entry(item: Any, path: str) -> Entry:
    asks = item["asks"]
    if asks is not None:
        asks = [check_ask(name, access or None, "", False, path) for name, access in asks.items()]
    modules = {str(name): str(digest) for name, digest in item["modules"].items()}
    return Entry(asks, modules)
