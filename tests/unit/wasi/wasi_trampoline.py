"""One small module that re-exports the functions of WASI, and a driver: every WASI test is Python.

The module imports all 46 functions, exports a function of the same name for each, and a memory of 2 pages. It
is encoded here, byte by byte, so that no toolchain is needed; any runtime can run it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any, NamedTuple

# Parameters, i = i32, I = i64. All but proc_exit return an i32.
_SIGNATURES = """
args_get ii             args_sizes_get ii           environ_get ii              environ_sizes_get ii
clock_res_get ii        clock_time_get iIi          fd_advise iIIi              fd_allocate iII
fd_close i              fd_datasync i               fd_fdstat_get ii            fd_fdstat_set_flags ii
fd_fdstat_set_rights iII  fd_filestat_get ii        fd_filestat_set_size iI     fd_filestat_set_times iIIi
fd_pread iiiIi          fd_prestat_get ii           fd_prestat_dir_name iii     fd_pwrite iiiIi
fd_read iiii            fd_readdir iiiIi            fd_renumber ii              fd_seek iIii
fd_sync i               fd_tell ii                  fd_write iiii               path_create_directory iii
path_filestat_get iiiii  path_filestat_set_times iiiiIIi  path_link iiiiiii     path_open iiiiiIIii
path_readlink iiiiii    path_remove_directory iii   path_rename iiiiii          path_symlink iiiii
path_unlink_file iii    poll_oneoff iiii            proc_exit i                 proc_raise i
sched_yield -           random_get ii               sock_accept iii             sock_recv iiiiii
sock_send iiiii         sock_shutdown ii
"""
SIGNATURES = {
    name: "" if params == "-" else params
    for name, params in zip(_SIGNATURES.split()[::2], _SIGNATURES.split()[1::2], strict=True)
}

_ERRNO = """
success 2big acces addrinuse addrnotavail afnosupport again already badf badmsg busy canceled child
connaborted connrefused connreset deadlk destaddrreq dom dquot exist fault fbig hostunreach idrm
ilseq inprogress intr inval io isconn isdir loop mfile mlink msgsize multihop nametoolong netdown
netreset netunreach nfile nobufs nodev noent noexec nolck nolink nomem nomsg noprotoopt nospc nosys
notconn notdir notempty notrecoverable notsock notsup notty nxio overflow ownerdead perm pipe proto
protonosupport prototype range rofs spipe srch stale timedout txtbsy xdev notcapable
"""
ERRNO = _ERRNO.split()

_RIGHTS = """
fd_datasync fd_read fd_seek fd_fdstat_set_flags fd_sync fd_tell fd_write fd_advise fd_allocate
path_create_directory path_create_file path_link_source path_link_target path_open fd_readdir
path_readlink path_rename_source path_rename_target path_filestat_get path_filestat_set_size
path_filestat_set_times fd_filestat_get fd_filestat_set_size fd_filestat_set_times path_symlink
path_remove_directory path_unlink_file poll_fd_readwrite sock_shutdown sock_accept
"""
RIGHTS = {name: 1 << bit for bit, name in enumerate(_RIGHTS.split())}
READ, WRITE = RIGHTS["fd_read"], RIGHTS["fd_write"]
CREAT, DIRECTORY, EXCL, TRUNC = 1, 2, 4, 8
APPEND, NONBLOCK = 1, 4
FOLLOW = 1
FILETYPES = ["unknown", "block", "character", "directory", "file", "dgram", "stream", "link"]

PAGES = 2
MEMORY = PAGES * 65536
# Where the driver puts things.
PATH, PATH2, RESULT, IOVS, BUFFER = 1024, 8192, 16384, 20480, 32768


def leb(number: int) -> bytes:
    """An unsigned number as LEB128."""
    out = bytearray()
    while True:
        number, low = number >> 7, number & 127
        out.append(low | (128 if number else 0))
        if not number:
            return bytes(out)


def vector(items: Iterable[bytes]) -> bytes:
    """A count and the items."""
    listed = list(items)
    return leb(len(listed)) + b"".join(listed)


def text(name: str) -> bytes:
    """A name."""
    return leb(len(name)) + name.encode()


def section(number: int, content: bytes) -> bytes:
    """A section of a module."""
    return bytes([number]) + leb(len(content)) + content


def trampoline(
    module: str = "wasi_snapshot_preview1", leave_out: Iterable[str] = (), memory: str = "memory",
    pages: int = PAGES,
) -> bytes:  # fmt: skip
    """The module: imports from `module` all functions but `leave_out`; exports a memory of `pages` pages."""
    names = [name for name in SIGNATURES if name not in set(leave_out)]
    kinds = {"i": b"\x7f", "I": b"\x7e"}
    types, imports, functions, exports, bodies = [], [], [], [], []
    for index, name in enumerate(names):
        params = [kinds[letter] for letter in SIGNATURES[name]]
        types.append(b"\x60" + vector(params) + (b"\x00" if name == "proc_exit" else b"\x01\x7f"))
        imports.append(text(module) + text(name) + b"\x00" + leb(index))
        functions.append(leb(index))
        exports.append(text(name) + b"\x00" + leb(len(names) + index))
        code = (
            b"\x00" + b"".join(b"\x20" + leb(i) for i in range(len(params))) + b"\x10" + leb(index) + b"\x0b"
        )
        bodies.append(leb(len(code)) + code)
    exports.append(text(memory) + b"\x02\x00")
    return b"\0asm\x01\0\0\0" + b"".join(
        [
            section(1, vector(types)),
            section(2, vector(imports)),
            section(3, vector(functions)),
            section(5, vector([b"\x00" + leb(pages)])),
            section(7, vector(exports)),
            section(10, vector(bodies)),
        ]
    )


class Filestat(NamedTuple):
    """What the two filestat calls tell."""

    dev: int
    ino: int
    type: str
    nlink: int
    size: int
    atim: int
    mtim: int
    ctim: int


class Dirent(NamedTuple):
    """One entry of a listing."""

    next: int
    ino: int
    type: str
    name: str


class Guest:
    """A program that does what a test says: methods are the WASI functions, by name.

    ``guest.fd_close(3)`` gives the name of the error number. The helpers below put strings and structs into
    memory.
    """

    def __init__(self, functions: Any, memory: Any) -> None:
        self.functions, self.memory = functions, memory

    def __getattr__(self, name: str) -> Any:
        if name not in SIGNATURES:
            raise AttributeError(name)
        function = self.functions[name]

        def call(*args: int) -> str | None:
            code = function(*args)
            return None if code is None else ERRNO[code]

        return call

    def put(self, at: int, data: bytes) -> int:
        """Writes to memory; gives the length."""
        self.memory.write(at, data)
        return len(data)

    def get(self, at: int, size: int) -> bytes:
        """Reads from memory."""
        return bytes(self.memory.read(at, size))

    def u32(self, at: int = RESULT) -> int:
        """A number in memory."""
        return int(struct.unpack("<I", self.get(at, 4))[0])

    def u64(self, at: int = RESULT) -> int:
        """A number in memory."""
        return int(struct.unpack("<Q", self.get(at, 8))[0])

    def path(self, path: str | bytes, at: int = PATH) -> tuple[int, int]:
        """Pointer and length of a path."""
        return at, self.put(at, path.encode() if isinstance(path, str) else path)

    def iovs(self, *buffers: tuple[int, int]) -> tuple[int, int]:
        """Pointer and count of a list of buffers."""
        self.put(IOVS, b"".join(struct.pack("<II", *buffer) for buffer in buffers))
        return IOVS, len(buffers)

    def open(
        self,
        path: str | bytes,
        oflags: int = 0,
        rights: int = READ,
        *,
        dirfd: int = 3,
        follow: int = FOLLOW,
        flags: int = 0,
    ) -> int | str:
        """path_open: the descriptor, or the name of the error."""
        error = self.path_open(dirfd, follow, *self.path(path), oflags, rights, 0, flags, RESULT)
        return self.u32() if error == "success" else str(error)

    def opened(self, *args: Any, **named: Any) -> int:
        """The descriptor of an `open` that has to succeed."""
        fd = self.open(*args, **named)
        assert isinstance(fd, int), f"path_open{args}: {fd}"
        return fd

    def write(self, fd: int, data: bytes) -> int | str:
        """fd_write: the bytes written, or the name of the error."""
        error = self.fd_write(fd, *self.iovs((BUFFER, self.put(BUFFER, data))), RESULT)
        return self.u32() if error == "success" else str(error)

    def read(self, fd: int, size: int = 1000) -> bytes | str:
        """fd_read: the bytes, or the name of the error."""
        error = self.fd_read(fd, *self.iovs((BUFFER, size)), RESULT)
        return self.get(BUFFER, self.u32()) if error == "success" else str(error)

    def seek(self, fd: int, delta: int, whence: int = 0) -> int | str:
        """fd_seek: the position, or the name of the error."""
        error = self.fd_seek(fd, delta, whence, RESULT)
        return self.u64() if error == "success" else str(error)

    def filestat(self, at: int = RESULT) -> Filestat:
        """The struct that a filestat call left in memory."""
        dev, ino, kind, nlink, size, *times = struct.unpack("<QQB7xQQQQQ", self.get(at, 64))
        return Filestat(dev, ino, FILETYPES[kind], nlink, size, *times)

    def stat(self, path: str, *, follow: int = FOLLOW, dirfd: int = 3) -> Filestat | str:
        """path_filestat_get: the struct, or the name of the error."""
        error = self.path_filestat_get(dirfd, follow, *self.path(path), RESULT)
        return self.filestat() if error == "success" else str(error)

    def fdstat(self, fd: int) -> tuple[str, int, int, int]:
        """fd_fdstat_get: type, flags, rights, inheriting rights."""
        assert self.fd_fdstat_get(fd, RESULT) == "success"
        kind, flags, rights, inheriting = struct.unpack("<BxH4xQQ", self.get(RESULT, 24))
        return FILETYPES[kind], flags, rights, inheriting

    def listing(self, fd: int = 3, size: int = 4096) -> list[Dirent]:
        """fd_readdir until the end, as a libc calls it: with a buffer of `size`."""
        found, cookie = [], 0
        while True:
            assert self.fd_readdir(fd, BUFFER, size, cookie, RESULT) == "success"
            data = self.get(BUFFER, self.u32())
            at = 0
            while len(data) - at >= 24:
                next_cookie, ino, length, kind = struct.unpack_from("<QQIB", data, at)
                if len(data) - at - 24 < length:
                    break
                found.append(
                    Dirent(next_cookie, ino, FILETYPES[kind], data[at + 24 : at + 24 + length].decode())
                )
                cookie, at = next_cookie, at + 24 + length
            if len(data) < size:
                return found

    def link(self, old: str, new: str, *, old_dir: int = 3, new_dir: int = 3, flags: int = 0) -> str:
        """path_link."""
        return str(self.path_link(old_dir, flags, *self.path(old), new_dir, *self.path(new, PATH2)))

    def rename(self, old: str, new: str, *, old_dir: int = 3, new_dir: int = 3) -> str:
        """path_rename."""
        return str(self.path_rename(old_dir, *self.path(old), new_dir, *self.path(new, PATH2)))

    def symlink(self, content: str, path: str, *, dirfd: int = 3) -> str:
        """path_symlink."""
        return str(self.path_symlink(*self.path(content, PATH2), dirfd, *self.path(path)))

    def mkdir(self, path: str, *, dirfd: int = 3) -> str:
        """path_create_directory."""
        return str(self.path_create_directory(dirfd, *self.path(path)))

    def rmdir(self, path: str, *, dirfd: int = 3) -> str:
        """path_remove_directory."""
        return str(self.path_remove_directory(dirfd, *self.path(path)))

    def unlink(self, path: str, *, dirfd: int = 3) -> str:
        """path_unlink_file."""
        return str(self.path_unlink_file(dirfd, *self.path(path)))

    def readlink(self, path: str, size: int = 1000, *, dirfd: int = 3) -> bytes | str:
        """path_readlink: the content, or the name of the error."""
        error = self.path_readlink(dirfd, *self.path(path), BUFFER, size, RESULT)
        return self.get(BUFFER, self.u32()) if error == "success" else str(error)

    def poll(self, *subscriptions: bytes) -> list[tuple[int, str, int]] | str:
        """poll_oneoff: (userdata, error, tag) of the events, or the name of the error."""
        self.put(PATH, b"".join(subscriptions))
        error = self.poll_oneoff(PATH, BUFFER, len(subscriptions), RESULT)
        if error != "success":
            return str(error)
        events = []
        for i in range(self.u32()):
            userdata, code, tag = struct.unpack_from("<QHB", self.get(BUFFER + 32 * i, 32))
            events.append((userdata, ERRNO[code], tag))
        return events


def clock_subscription(timeout: int, *, userdata: int = 0, clock: int = 1, absolute: bool = False) -> bytes:
    """A subscription to a clock: nanoseconds from now, or a point in time."""
    return struct.pack("<QB7xI4xQQH6x", userdata, 0, clock, timeout, 0, int(absolute))


def fd_subscription(fd: int, *, userdata: int = 0, write: bool = False) -> bytes:
    """A subscription to a descriptor."""
    return struct.pack("<QB7xI28x", userdata, 2 if write else 1, fd)
