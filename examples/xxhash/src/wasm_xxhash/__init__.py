"""xxHash, compiled to WebAssembly, with the interface of PyPI's xxhash."""

from __future__ import annotations

import weakref
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from . import _core

if TYPE_CHECKING:
    from typing import Any, Self

    from typing_extensions import Buffer

    from pywasi_native.typed import Handle

__all__ = [
    "VERSION", "xxh3_64", "xxh3_64_intdigest", "xxh3_128", "xxh3_128_intdigest", "xxh32", "xxh32_intdigest",
    "xxh64", "xxh64_intdigest",
]  # fmt: skip

VERSION = f"{_core.XXH_VERSION_MAJOR}.{_core.XXH_VERSION_MINOR}.{_core.XXH_VERSION_RELEASE}"
_MASK = 2**64 - 1


def xxh32_intdigest(data: Buffer, seed: int = 0) -> int:
    """The hash of 32 bits."""
    return _core.XXH32(_plain(data), seed & 0xFFFFFFFF)


def xxh64_intdigest(data: Buffer, seed: int = 0) -> int:
    """The hash of 64 bits."""
    return _core.XXH64(_plain(data), seed & _MASK)


def xxh3_64_intdigest(data: Buffer, seed: int = 0) -> int:
    """The hash XXH3 of 64 bits."""
    if seed:
        return _core.XXH3_64bits_withSeed(_plain(data), seed & _MASK)
    return _core.XXH3_64bits(_plain(data))


def xxh3_128_intdigest(data: Buffer, seed: int = 0) -> int:
    """The hash XXH3 of 128 bits."""
    return _whole(_core.XXH3_128bits_withSeed(_plain(data), seed & _MASK))


class _Hash(ABC):
    """A hash of data that comes in parts."""

    name: str
    digest_size: int
    block_size: int

    def __init__(self, data: Buffer = b"", seed: int = 0) -> None:
        self.seed = seed & (0xFFFFFFFF if self.digest_size == 4 else _MASK)
        self._state = self._new()
        weakref.finalize(self, self._state.close)
        self.reset()
        self.update(data)

    @abstractmethod
    def _new(self) -> Handle: ...
    @abstractmethod
    def _copy_to(self, state: Any) -> None: ...
    @abstractmethod
    def reset(self) -> None:
        """As if no data had come."""

    @abstractmethod
    def update(self, data: Buffer) -> None:
        """The next part."""

    @abstractmethod
    def intdigest(self) -> int:
        """The hash of what has come, as a number."""

    def digest(self) -> bytes:
        """The same as bytes, the most significant first."""
        return self.intdigest().to_bytes(self.digest_size, "big")

    def hexdigest(self) -> str:
        """The same in hexadecimal."""
        return self.digest().hex()

    def copy(self) -> Self:
        """Another hash that has had the same data."""
        other = type(self)(seed=self.seed)
        self._copy_to(other._state)
        return other


class xxh32(_Hash):  # noqa: N801
    """XXH32."""

    name, digest_size, block_size = "XXH32", 4, 16
    _state: _core.XXH32_state_t

    def _new(self) -> Handle:
        return _core.XXH32_createState()

    def _copy_to(self, state: Any) -> None:
        _core.XXH32_copyState(state, self._state)

    def reset(self) -> None:
        _core.XXH32_reset(self._state, self.seed)

    def update(self, data: Buffer) -> None:
        _core.XXH32_update(self._state, _plain(data))

    def intdigest(self) -> int:
        return _core.XXH32_digest(self._state)


class xxh64(_Hash):  # noqa: N801
    """XXH64."""

    name, digest_size, block_size = "XXH64", 8, 32
    _state: _core.XXH64_state_t

    def _new(self) -> Handle:
        return _core.XXH64_createState()

    def _copy_to(self, state: Any) -> None:
        _core.XXH64_copyState(state, self._state)

    def reset(self) -> None:
        _core.XXH64_reset(self._state, self.seed)

    def update(self, data: Buffer) -> None:
        _core.XXH64_update(self._state, _plain(data))

    def intdigest(self) -> int:
        return _core.XXH64_digest(self._state)


class xxh3_64(_Hash):  # noqa: N801
    """XXH3 of 64 bits."""

    name, digest_size, block_size = "XXH3_64", 8, 32
    _state: _core.XXH3_state_t

    def _new(self) -> Handle:
        return _core.XXH3_createState()

    def _copy_to(self, state: Any) -> None:
        _core.XXH3_copyState(state, self._state)

    def reset(self) -> None:
        _core.XXH3_64bits_reset_withSeed(self._state, self.seed)

    def update(self, data: Buffer) -> None:
        _core.XXH3_64bits_update(self._state, _plain(data))

    def intdigest(self) -> int:
        return _core.XXH3_64bits_digest(self._state)


class xxh3_128(xxh3_64):  # noqa: N801
    """XXH3 of 128 bits."""

    name, digest_size, block_size = "XXH3_128", 16, 64

    def reset(self) -> None:
        _core.XXH3_128bits_reset_withSeed(self._state, self.seed)

    def update(self, data: Buffer) -> None:
        _core.XXH3_128bits_update(self._state, _plain(data))

    def intdigest(self) -> int:
        return _whole(_core.XXH3_128bits_digest(self._state))


def _whole(halves: _core.XXH128_hash_t) -> int:
    return halves.high64 << 64 | halves.low64


def _plain(data: Buffer) -> bytes | memoryview:
    return data if isinstance(data, bytes) else memoryview(data).cast("B")
