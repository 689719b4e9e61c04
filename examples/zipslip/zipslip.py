"""A careless extractor and an archive that wants out: in the sandbox it stays in, and the log names each try.

With a C compiler the same extractor runs natively too, in a temporary folder, and there it does get out.
"""

import logging
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import pywasi_native as wasm

HERE = Path(__file__).parent


def make_archive(path: Path, jail: Path) -> None:
    """A zip with every way out that a name can be, as seen from `jail/app/out`."""
    with ZipFile(path, "w") as archive:
        archive.writestr("good.txt", "fine\n")
        archive.writestr("folder/also good.txt", "fine\n")
        archive.writestr("../../dots.txt", "outside\n")
        archive.writestr(f"{jail}/absolute.txt", "outside\n")
        archive.writestr("..\\..\\backslash.txt", "a strange name, but a name\n")
        for name, target in (
            ("link", "../../outside"),
            ("slash/", "../../outside/"),
            ("rooted", f"{jail}/outside"),
        ):
            entry = ZipInfo(name)
            entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
            archive.writestr(entry, target)
        archive.writestr("link/link.txt", "outside\n")
        archive.writestr("slash/slash.txt", "outside\n")
        archive.writestr("rooted/rooted.txt", "outside\n")


def make_jail(jail: Path) -> None:
    """What the extractor must not write to, and the folder that it gets: `app/out`."""
    (jail / "outside").mkdir()
    (jail / "app" / "out").mkdir(parents=True)


def escaped(jail: Path) -> list[str]:
    """The files that were written outside of `app/out`."""
    inside = jail / "app" / "out"
    found = (Path(folder) / name for folder, _, names in os.walk(jail) for name in names)
    return sorted(
        path.relative_to(jail).as_posix()
        for path in found
        if inside not in path.parents and path.name != "archive.zip"
    )


def run_native(program: Path, jail: Path) -> str:
    """Unpacks the archive with all rights of this user."""
    words = [str(program), str(jail / "archive.zip"), str(jail / "app" / "out")]
    return subprocess.run(words, check=False, capture_output=True, text=True, timeout=60).stdout


def run_wasm(jail: Path) -> wasm.CompletedRun:
    """Unpacks the archive with the rights that unpacking needs; the folder is all of its world, its root."""
    return wasm.run(
        HERE / "unzip.wasm",
        ["/in/archive.zip", "/"],
        dirs={"/in": wasm.ro(jail), "/": wasm.dir(jail / "app" / "out", write=True, create=True)},
        capture_output=True,
        text=True,
    )


def main() -> None:
    """Runs both and tells what came of it."""
    logging.basicConfig(format="%(levelname)s %(message)s", stream=sys.stdout)
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("native", "wasm"):
            jail = Path(folder).resolve() / kind
            jail.mkdir()
            make_jail(jail)
            make_archive(jail / "archive.zip", jail)
            compiler = shutil.which("cc")
            if kind == "native" and (not compiler or sys.platform == "win32"):
                print("native: no C compiler here (cc), left out")
                continue
            if kind == "native":
                program = Path(folder) / "unzip"
                subprocess.run([str(compiler), "-o", str(program), str(HERE / "unzip.c")], check=True)
                run_native(program, jail)
            else:
                run_wasm(jail)
            print(f"{kind}: written outside of the folder: {', '.join(escaped(jail)) or 'nothing'}")


if __name__ == "__main__":
    main()
