"""The files of a zip archive, for a tree in memory.

Names, dates and sizes are those of the archive's directory, unpacking is that of `zipfile`: a member that has
more bytes than it says, or others, is an error. A member that does not lie below the root of the archive
(``../x``, ``/x``) is one too: nothing is renamed and nothing left out. Symbolic links (in archives that were
made on POSIX) stay links.
"""

from __future__ import annotations

from .virtual_files import MemTree, clean, too_large

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
    from zipfile import ZipInfo

LINK_TYPE = 0o120000


def fill_from_zip(tree: MemTree, source: Any, limit: int) -> None:
    """Puts the members of a `zipfile.ZipFile`, or what lies below a `zipfile.Path`, into a tree."""
    archive, below = (source.root, source.at) if hasattr(source, "at") else (source, "")
    members = [item for item in archive.infolist() if item.filename.startswith(below)]
    if below and not below.endswith("/"):
        raise NotADirectoryError(20, "a grant is for a directory", below)
    if sum(item.file_size for item in members) > limit:  # before anything is unpacked
        raise too_large(limit)
    for item in members:
        if item.filename != below:
            _put(tree, archive, item, item.filename[len(below) :])


def _put(tree: MemTree, archive: Any, item: ZipInfo, name: str) -> None:
    path = clean(name, "the name of a member of a zip file").encode()
    if item.is_dir():
        tree.native.make_dir(path)
    elif item.external_attr >> 16 & 0o170000 == LINK_TYPE:
        tree.native.link(path, archive.read(item))
    else:
        tree.native.put(path, archive.read(item), _modified(item))


def _modified(item: ZipInfo) -> int:
    """Nanoseconds since 1970. Archives do not say of which time zone their times are."""
    from calendar import timegm

    year, month, day, hour, minute, second = item.date_time
    try:
        return max(0, timegm((year, month, day, hour, minute, second, 0, 0, 0))) * 10**9
    except (ValueError, OverflowError):  # month 0, day 0: seen in real archives
        return 0
