"""Whether a built site documents every public name: `docs_complete.py SITE`. Imports nothing."""

import ast
import sys
import zlib
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "src/pywasi_native"
PUBLIC = (".", "typed")  # packages whose __all__ is a promise


def homes(package: Path) -> dict[str, str]:
    """The names of a package's ``__all__``, each with the module that has it, as its tables say."""
    tables = {}
    for node in ast.parse((package / "__init__.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name in ("_HOMES", "__all__"):
                tables[name] = ast.literal_eval(node.value)
    found = {name: home for home, names in tables["_HOMES"].items() for name in names.split()}
    return {name: found[name] for name in tables["__all__"]}


def documented(site: Path) -> set[str]:
    """What the site has, by the inventory of mkdocstrings: four lines of text, then zlib."""
    packed = (site / "objects.inv").read_bytes().split(b"\n", 4)[4]
    return {line.split()[0] for line in zlib.decompress(packed).decode().splitlines()}


def main() -> int:
    """Names what is missing."""
    known, missing = documented(Path(sys.argv[1])), []
    for folder in PUBLIC:
        for name, home in homes(SOURCE / folder).items():
            prefix = "pywasi_native" if folder == "." else f"pywasi_native.{folder}"
            places = (f"{prefix}.{home}.{name}", f"{prefix}._native.{name}")
            missing += [] if known.intersection(places) else [places[0]]
    if missing:
        print("public, but on no page of docs/reference:", *missing, sep="\n  ")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
