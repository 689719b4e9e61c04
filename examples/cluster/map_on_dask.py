"""Maps a wasm function over a data set in partitions, on the workers of a dask cluster.

    pip install 'dask[distributed]' pywasi-native
    python map_on_dask.py                          # workers on this machine
    python map_on_dask.py tcp://scheduler:8786     # a cluster that is there already

On a real cluster every worker needs pywasi-native, of the same version as here, and no more: the function is
sent with its module, its limits and its grants, and each worker makes an instance once. Nothing is compiled
there, so that machines of different kinds may take part. With ray the call is
``ray.remote(longest).remote(collatz, part)``; only dask is tested.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable

import pywasi_native as wasm

# (func (export "collatz") (param i64) (result i32) ...): how many steps n -> n/2 or 3n+1 lead to 1.
MODULE = bytes.fromhex(
    "0061736d0100000001060160017e017f03020100070b0107636f6c6c61747a00000a34013201017f0240034020004201"
    "580d012000420188200042037e42017c2000420183501b2100200141016a21010c000b0b20010b0025046e616d65020d"
    "01000200016e01057374657073030f0100020004646f6e6501046e657874"
)


def longest(steps: Callable[[int], int], numbers: Iterable[int]) -> tuple[int, int]:
    """The number of a partition that takes the most steps: (steps, number)."""
    return max((steps(n), n) for n in numbers)


def main(address: str | None = None, partitions: int = 8, size: int = 2000) -> tuple[int, int]:
    """Runs it on the cluster at that address, or on two processes of this machine."""
    from distributed import Client, LocalCluster

    collatz = wasm.load(MODULE, limits=wasm.Limits(timeout=10)).collatz
    parts = [range(1 + i * size, 1 + (i + 1) * size) for i in range(partitions)]
    if address is not None:
        with Client(address) as client:
            return max(client.gather(client.map(longest, [collatz] * partitions, parts)))
    with (
        LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        return max(client.gather(client.map(longest, [collatz] * partitions, parts)))


if __name__ == "__main__":
    steps, number = main(*sys.argv[1:2])
    print(f"{steps} steps from {number}")
