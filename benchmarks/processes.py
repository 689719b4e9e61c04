"""The processes that are measured: a worker for each engine, and commands whose CPU time the system tells."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 300.0  # seconds of wall time for one request; a worker that needs more is ended
HAVE_WAIT4 = hasattr(os, "wait4")


def environment(site: Path | None) -> dict[str, str]:
    """The environment of a process that finds the package in `site`, or the installed one."""
    env = dict(os.environ)
    if site:
        env["PYTHONPATH"] = os.pathsep.join([str(site), *filter(None, [env.get("PYTHONPATH")])])
    return env


class WorkerProcess:
    """The process of one engine; after a crash or a timeout it is `dead` and answers nothing more."""

    def __init__(self, adapter: str, site: Path | None = None) -> None:
        self.dead = ""
        self.limit = LIMIT
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", adapter],
            cwd=ROOT,
            env=environment(site),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def ask(self, request: dict[str, Any], limit: float | None = None) -> dict[str, Any]:
        """The answer, or {"error": ...}; `limit` in seconds of wall time."""
        if self.dead:
            return {"error": self.dead}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.limit = limit or LIMIT
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return self._die()
        # A timer and not select(): Windows cannot wait for a pipe.
        timer = threading.Timer(self.limit, self._time_out)
        timer.start()
        try:
            line = self.process.stdout.readline()
        finally:
            timer.cancel()
        if not line:
            return self._die()
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _time_out(self) -> None:
        self.dead = f"timeout: over {self.limit:g} s"
        self.process.kill()

    def _die(self) -> dict[str, Any]:
        code = self.process.wait()
        self.dead = self.dead or f"crash: the worker ended with {code}"
        return {"error": self.dead}

    def close(self) -> None:
        """Ends the process."""
        if self.process.stdin:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()
        if self.process.stdout:
            self.process.stdout.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def timed(command: Sequence[str], env: dict[str, str] | None = None) -> tuple[float, bytes, int]:
    """CPU seconds of a whole process, its standard output, and its exit code."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, env=env)
    assert process.stdout is not None
    with process.stdout as stream:
        output = stream.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime, output, process.returncode
