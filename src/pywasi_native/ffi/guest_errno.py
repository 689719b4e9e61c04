"""`errno` of a library: wasi-libc's variable, with WASI's numbers, as the copy for the thread in ctypes."""

from __future__ import annotations

import ctypes
import errno as host

from ..engine import Func, Global

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .guest import Guest

# By number: https://github.com/WebAssembly/WASI, preview 1, type errno.
_NAMES = (
    "", "E2BIG", "EACCES", "EADDRINUSE", "EADDRNOTAVAIL", "EAFNOSUPPORT", "EAGAIN", "EALREADY", "EBADF",
    "EBADMSG",
    "EBUSY", "ECANCELED", "ECHILD", "ECONNABORTED", "ECONNREFUSED", "ECONNRESET", "EDEADLK", "EDESTADDRREQ",
    "EDOM", "EDQUOT", "EEXIST", "EFAULT", "EFBIG", "EHOSTUNREACH", "EIDRM", "EILSEQ", "EINPROGRESS", "EINTR",
    "EINVAL", "EIO", "EISCONN", "EISDIR", "ELOOP", "EMFILE", "EMLINK", "EMSGSIZE", "EMULTIHOP",
    "ENAMETOOLONG", "ENETDOWN", "ENETRESET", "ENETUNREACH", "ENFILE", "ENOBUFS", "ENODEV", "ENOENT",
    "ENOEXEC", "ENOLCK", "ENOLINK", "ENOMEM", "ENOMSG", "ENOPROTOOPT", "ENOSPC", "ENOSYS", "ENOTCONN",
    "ENOTDIR", "ENOTEMPTY", "ENOTRECOVERABLE", "ENOTSOCK", "ENOTSUP", "ENOTTY", "ENXIO", "EOVERFLOW",
    "EOWNERDEAD", "EPERM", "EPIPE", "EPROTO", "EPROTONOSUPPORT", "EPROTOTYPE", "ERANGE", "EROFS", "ESPIPE",
    "ESRCH", "ESTALE", "ETIMEDOUT", "ETXTBSY", "EXDEV",
)  # fmt: skip
_TO_HOST = {i: getattr(host, name) for i, name in enumerate(_NAMES) if hasattr(host, name)}
_TO_GUEST = {number: i for i, number in _TO_HOST.items()}


class GuestErrno:
    """Where `errno` lies in the guest."""

    def __init__(self, guest: Guest, address: int) -> None:
        self._memory, self._address = guest.memory, address

    def into(self) -> None:
        """Before a call: ctypes' copy for this thread becomes the guest's."""
        number = ctypes.get_errno()
        self._memory.write(self._address, (_TO_GUEST.get(number, number) & 0xFFFFFFFF).to_bytes(4, "little"))

    def out(self) -> None:
        """After a call: the other way round. Numbers that WASI does not have stay as they are."""
        number = int.from_bytes(self._memory.read(self._address, 4), "little", signed=True)
        ctypes.set_errno(_TO_HOST.get(number, number))


def find_errno(guest: Guest) -> GuestErrno | None:
    """The `errno` of a library that exports it, as a variable or by ``__errno_location()``."""
    exports = guest.instance.exports
    variable, function = exports.get("errno"), exports.get("__errno_location")
    if isinstance(variable, Global) and not variable.type.mutable:
        return GuestErrno(guest, int(variable.value) & 0xFFFFFFFF)
    if isinstance(function, Func) and not function.type.params and len(function.type.results) == 1:
        return GuestErrno(guest, function() & 0xFFFFFFFF)
    return None
