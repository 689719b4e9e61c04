"""The build hook of hatchling: ``[tool.hatch.build.hooks.pywasi]`` in a project that has ``[tool.pywasi]``.

    [build-system]
    requires = ["hatchling", "pywasi-native[build]"]
    build-backend = "hatchling.build"

    [tool.hatch.build.hooks.pywasi]

The wheel holds the three files that `build_project` makes, though git ignores them, and is ``py3-none-any``.
An editable install builds in place. The source distribution holds the sources and not the files.
"""

from __future__ import annotations

from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.plugin import hookimpl

from .build_error import BuildError
from .project import build_project
from .settings import read_settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class PywasiBuildHook(BuildHookInterface):  # type: ignore[misc]
    """Runs `build_project` before a wheel is packed."""

    PLUGIN_NAME = "pywasi"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Builds, and says what belongs into the archive."""
        try:
            if self.target_name == "sdist":
                settings = read_settings(Path(self.root))
                for name in settings.distributed():
                    build_data["force_include"].setdefault(str(settings.root / name), name)
                return
            built = build_project(self.root, say=self.app.display_info)
        except BuildError as error:
            # Not by an exception: the traceback would be all that one sees.
            self.app.abort(error.text())
        build_data["artifacts"].extend(f"/{name}" for name in built.files)
        if self.target_name == "wheel":
            build_data["tag"] = "py3-none-any"


@hookimpl  # type: ignore[untyped-decorator]
def hatch_register_build_hook() -> type[PywasiBuildHook]:
    """What hatchling asks a plugin for."""
    return PywasiBuildHook
