"""How paths are resolved on Linux: by openat2, or part by part where a container takes that away.

A process that starts with PYWASI_TEST_RESOLVER=enosys or eperm has openat2 answer so, for good (seccomp).
`in_force` tells which way really is in force: a mode that silently is not would test nothing.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys

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
