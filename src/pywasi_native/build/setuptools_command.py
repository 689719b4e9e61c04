"""The command ``build_wasm`` of setuptools, a part of ``build`` in a project that has ``[tool.pywasi]``.

    [build-system]
    requires = ["setuptools", "pywasi-native[build]"]
    build-backend = "setuptools.build_meta"

Nothing else has to be said: `add_command` is an entry point that setuptools calls. The wheel stays
``py3-none-any``, since no extension module is declared.
"""

from __future__ import annotations

import os
import shutil
import tomllib
from pathlib import Path

from setuptools import Command
from setuptools.errors import ExecError

from .build_error import BuildError
from .project import build_project
from .settings import Settings, read_settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar


def add_command(distribution: Any) -> None:
    """Makes ``build_wasm`` a part of ``build``, if this is a project that builds wasm."""
    if not _builds_wasm(Path(distribution.src_root or os.curdir)):
        return
    build = distribution.get_command_class("build")
    if any(name == BuildWasm.command_name for name, _ in build.sub_commands):
        return
    parts = [*build.sub_commands, (BuildWasm.command_name, None)]
    distribution.cmdclass["build"] = type(build.__name__, (build,), {"sub_commands": parts})
    distribution.cmdclass[BuildWasm.command_name] = BuildWasm


def _builds_wasm(root: Path) -> bool:
    # Also called for projects that have nothing to do with wasm: they must not notice.
    try:
        table = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
        return "module" in table["tool"]["pywasi"]
    except (OSError, ValueError, KeyError, TypeError):
        return False


class BuildWasm(Command):  # type: ignore[misc]
    """Runs `build_project` and copies what it makes to where the wheel is put together."""

    command_name = "build_wasm"
    description = "build the WebAssembly module of [tool.pywasi]"
    user_options: ClassVar[list[tuple[str, str | None, str]]] = [
        ("build-lib=", "b", "directory to put the module into")
    ]

    def initialize_options(self) -> None:
        """Sets what `finalize_options` fills in, and `editable_mode`, which setuptools may set to true."""
        self.build_lib: str | None = None
        self.editable_mode = False

    def finalize_options(self) -> None:
        """Takes the directory from ``build_py``."""
        self.set_undefined_options("build_py", ("build_lib", "build_lib"))

    def run(self) -> None:
        """Builds in place; for a wheel copies the files."""
        try:
            built = build_project(self._root(), say=self.announce_line)
        except BuildError as error:
            raise ExecError("\n" + error.text()) from None
        if self.editable_mode:
            return
        for target, source in self.get_output_mapping().items():
            Path(target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(built.settings.root / source, target)

    def announce_line(self, line: str) -> None:
        """Says a line of progress."""
        self.announce(line, level=2)

    def get_output_mapping(self) -> dict[str, str]:
        """Where the files go, and where they are in the project."""
        settings = self._settings()
        folder = os.path.join(self.build_lib or "", *settings.module.split(".")[:-1])  # noqa: PTH118
        return {os.path.join(folder, name.rpartition("/")[2]): name for name in settings.outputs}  # noqa: PTH118

    def get_outputs(self) -> list[str]:
        """The files that it makes."""
        return list(self.get_output_mapping())

    def get_source_files(self) -> list[str]:
        """What a source distribution needs."""
        return list(self._settings().distributed())

    def _settings(self) -> Settings:
        try:
            return read_settings(Path(self._root()).resolve())
        except BuildError as error:
            raise ExecError(error.text()) from None

    def _root(self) -> str:
        return self.distribution.src_root or os.curdir
