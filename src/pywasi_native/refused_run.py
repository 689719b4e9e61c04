"""The error of a run that failed after a refusal. Imported when raised: subprocess is slow to import."""

from __future__ import annotations

from subprocess import CalledProcessError


class RefusedRun(CalledProcessError):
    """A program did not return 0, and had wanted what was not granted."""

    denied: str | None = None
    """The last refusal, and how to grant what was wanted."""

    def __str__(self) -> str:
        return f"{super().__str__()} {self.denied}" if self.denied else super().__str__()
