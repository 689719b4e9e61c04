"""A tree of source files, the thing that every house check looks at."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

OUTPUT = {"build", "dist", "wheelhouse"}  # at the root; src/pywasi_native/build is ours
NOT_OURS = {".git", "__pycache__", ".hypothesis", "node_modules"}


@dataclass(frozen=True)
class Tree:
    """The files under `root`: what git knows or would add, or everything where there is no git."""

    root: Path

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Paths relative to the root, with forward slashes, sorted."""
        if (self.root / ".git").exists():
            listing = subprocess.run(
                ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                cwd=self.root, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL,
            ).stdout.split("\0")  # fmt: skip
            found = [path for path in listing if path and (self.root / path).is_file()]
        else:
            found = [
                path.as_posix()
                for path in (
                    found.relative_to(self.root) for found in self.root.rglob("*") if found.is_file()
                )
                if path.parts[0] not in OUTPUT and not NOT_OURS & set(path.parts)
            ]
        return tuple(sorted(set(found)))

    def under(self, folder: str, *suffixes: str) -> list[str]:
        """The files below `folder` (with a trailing slash; "" is the root) whose names end in a suffix."""
        return [f for f in self.files if f.startswith(folder) and (not suffixes or f.endswith(suffixes))]

    def text(self, file: str) -> str:
        """The content of one file."""
        return (self.root / file).read_text(encoding="utf-8")

    def has(self, file: str) -> bool:
        """Whether the tree has that file."""
        return (self.root / file).is_file()


def strip_c(text: str) -> str:
    """C source with comments, strings and preprocessor lines blanked; line numbers and columns stay."""
    out: list[str] = []
    i, n = 0, len(text)
    while i < n:
        two = text[i : i + 2]
        if two == "//" or two == "/*":
            end = text.find("\n", i) if two == "//" else text.find("*/", i + 2) + 2
            end = n if end < i + 2 else end
        elif text[i] in "\"'":
            end = i + 1
            while end < n and text[end] != text[i] and text[end] != "\n":
                end += 2 if text[end] == "\\" else 1
            end = min(end + 1, n)
        elif text[i] == "#" and not text[text.rfind("\n", 0, i) + 1 : i].strip():
            end = text.find("\n", i)
            while end > 0 and text[end - 1] == "\\":
                end = text.find("\n", end + 1)
            end = n if end < 0 else end
        else:
            out.append(text[i])
            i += 1
            continue
        out.append("".join("\n" if c == "\n" else " " for c in text[i:end]))
        i = end
    return "".join(out)
