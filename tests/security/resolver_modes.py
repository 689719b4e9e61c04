"""How paths are resolved on Linux: by openat2, or part by part where a container takes that away.

A process that starts with PYWASI_TEST_RESOLVER=enosys or eperm has openat2 answer so, for good (seccomp).
`in_force` tells which way really is in force: a mode that silently is not would test nothing.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

MODES = ("openat2", "enosys", "eperm")
VARIABLE = "PYWASI_TEST_RESOLVER"
OPENAT2 = 437  # the same number on all architectures
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER = 38, 22, 2
_AT_FDCWD = -100


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def take_openat2_away(error: int) -> None:
    """From here on openat2 fails with this number in this process."""
    code = b"".join(
        struct.pack("<HBBI", *instruction)
        for instruction in (
            (0x20, 0, 0, 0),  # load the number of the call
            (0x15, 0, 1, OPENAT2),
            (0x06, 0, 0, 0x00050000 | error),  # SECCOMP_RET_ERRNO
            (0x06, 0, 0, 0x7FFF0000),  # SECCOMP_RET_ALLOW
        )
    )
    libc = ctypes.CDLL(None, use_errno=True)
    program = _Program(len(code) // 8, code)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(
        _PR_SET_SECCOMP, _FILTER, ctypes.byref(program)
    ):
        raise OSError(ctypes.get_errno(), "seccomp is not to be had")


def in_force() -> str:
    """The mode that this process is in."""
    if not sys.platform.startswith("linux"):
        return "none"
    libc = ctypes.CDLL(None, use_errno=True)
    how = (ctypes.c_uint64 * 3)(os.O_RDONLY, 0, 0x08)  # RESOLVE_BENEATH
    fd = libc.syscall(OPENAT2, _AT_FDCWD, b".", ctypes.byref(how), ctypes.sizeof(how))
    if fd >= 0:
        os.close(fd)
        return "openat2"
    return {errno.ENOSYS: "enosys", errno.EPERM: "eperm"}.get(ctypes.get_errno(), "unknown")


def enter_from_environment() -> None:
    """What the environment asks for."""
    mode = os.environ.get(VARIABLE, "")
    if mode in ("enosys", "eperm"):
        take_openat2_away(errno.ENOSYS if mode == "enosys" else errno.EPERM)
        if in_force() != mode:
            raise RuntimeError(f"openat2 was taken away by {mode}, and is: {in_force()}")


def pass_all(file: Path, mode: str, at_least: int) -> None:
    """Runs a file of tests in a process that resolves in this way: so many pass, and none is skipped."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header", str(file)]
    done = subprocess.run(
        command,
        env={**os.environ, VARIABLE: mode},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    summary = re.search(r"(\d+) passed(.*)", done.stdout)
    assert summary
    assert int(summary[1]) >= at_least
    assert "skipped" not in summary[2]
