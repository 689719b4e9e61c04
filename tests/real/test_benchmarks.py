"""The benchmark measures what it says: its programs agree with native builds, its table with its samples."""

from __future__ import annotations

import json
import math
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks import bigmodule, report, toolchain
from benchmarks.engines import Native, Pywasi
from benchmarks.kernels import KERNELS, MASK, Kernel

import locate

# The real ones are downloaded and take a minute to compile: there the benchmark itself compares the results.
OWN = [kernel for kernel in KERNELS if kernel.sources is None]


@pytest.mark.parametrize("kernel", OWN, ids=lambda kernel: kernel.name)
def test_a_kernel_computes_what_native_code_does(zig: None, kernel: Kernel) -> None:
    units = kernel.scaled(0.03)
    run = Pywasi().load(kernel.wasm().read_bytes()).function("run")
    native = Native.kernel(str(kernel.native()))
    for n in sorted({1, units}):
        assert run(n) & MASK == native(n)


@pytest.mark.parametrize("size", [5_000, 150_000])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_generated_module_is_valid_and_the_same_every_time(size: int, seed: int) -> None:
    wasmtime = pytest.importorskip(
        "wasmtime", reason="the oracle for generated modules: pip install wasmtime"
    )
    module = bigmodule.make_module(size, seed)
    assert module == bigmodule.make_module(size, seed)
    assert size <= len(module) < size + 50_000
    engine = wasmtime.Engine()
    wasmtime.Module.validate(engine, module)
    store = wasmtime.Store(engine)
    instance = wasmtime.Instance(store, wasmtime.Module(engine, module), [])
    ours = Pywasi().load(module)
    for x in (0, 1, -1, 12345):
        assert ours.function("run")(x) == instance.exports(store)["run"](store, x)
    assert bytes(ours.instance.memory) == bytes(instance.exports(store)["memory"].read(store))


@pytest.mark.parametrize("n", [0, 1, 63, 64, -64, -65, 127, 128, 2**31 - 1, -(2**31), -(2**40)])
def test_leb128(n: int) -> None:
    shift = value = 0
    for byte in bigmodule.sleb(n):
        value |= (byte & 0x7F) << shift
        shift += 7
    assert (value - (1 << shift) if byte & 0x40 else value) == n
    if n >= 0:
        assert sum((byte & 0x7F) << 7 * i for i, byte in enumerate(bigmodule.uleb(n))) == n


def test_ratios_are_of_the_same_round() -> None:
    row = report.Row("r", "kernels", samples={"a": [1.0, 20.0, 3.0], "b": [2.0, 10.0, 6.0]})
    found = report.ratio(row, "a", "b")
    assert found is not None
    assert (found.median, found.spread) == (0.5, 3.0)
    assert report.ratio(row, "a", "missing") is None
    other = report.Row("s", "kernels", samples={"a": [2.0], "b": [1.0]})
    mean = report.mean_ratio([row, other], "a", "b")
    assert mean is not None
    assert math.isclose(mean[0], 1.0)
    text = report.table([row, other], ["a", "b"], "b")
    assert "0.5 \u00b1150%" in text
    assert "1 of 2" in text


def test_disagreement_is_an_error() -> None:
    row = report.Row("r", "kernels", results={"a": 1, "b": 2})
    assert row.disagreement() is not None
    assert report.Row("r", "kernels", results={"a": 1, "b": 1}).disagreement() is None


def run_bench(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *args],
        check=False,
        cwd=locate.ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )


def test_the_command_line(zig: None, tmp_path: Path) -> None:
    target = tmp_path / "out" / "bench.json"
    rows = "boundary,import,load,fib,hashtable"
    done = run_bench(
        "--engines",
        "pywasi,native",
        "--rounds",
        "2",
        "--scale",
        "0.02",
        "--only",
        rows,
        "--markdown",
        str(tmp_path / "table.md"),
        "--json",
        str(target),
    )
    assert done.returncode == 0, done.stderr
    for name in ("call", "callback", "read16", "write1m", "import", "load", "fib", "hashtable"):
        assert f"\n{name} " in done.stdout
    written = json.loads(target.read_text())
    assert (
        (tmp_path / "table.md")
        .read_text(encoding="utf-8")
        .startswith("| time / time of pywasi | native |\n|---|---|\n")
    )
    assert written["engines"] == ["pywasi", "native"]
    by_name = {row["name"]: row for row in written["rows"]}
    assert len(by_name["fib"]["samples"]["pywasi"]) == 2
    assert by_name["fib"]["ratios"]["pywasi"]["median"] == 1.0
    assert not any(row["failures"] for row in written["rows"])


def test_a_command_line_engine(zig: None) -> None:
    template = f"cli={sys.executable} -m pywasi_native run {{file}} {{n}}"
    done = run_bench(
        "--engines", "native", "--command", template, "--rounds", "1", "--scale", "0.02", "--only", "sieve,lz"
    )
    assert done.returncode == 0, done.stderr
    assert "geomean kernels" in done.stdout


@pytest.mark.parametrize(
    ("args", "advice"),
    [
        (["--engines", "nonsense"], "unknown name 'nonsense'"),
        (["--only", "nonsense"], "unknown name 'nonsense'"),
        (["--base", "native", "--engines", "pywasi"], "--base native is not among the engines"),
        (["--rounds", "0", "--engines", "pywasi"], "must be positive"),
    ],
)
def test_bad_options(zig: None, args: list[str], advice: str) -> None:
    done = run_bench(*args)
    assert done.returncode == 2
    assert advice in done.stderr


def test_a_worker_that_crashes_costs_one_cell(zig: None, tmp_path: Path) -> None:
    """The kernel of a bad shared object cannot be loaded: the row fails, the program says so and goes on."""
    from benchmarks.bench import WorkerProcess

    worker = WorkerProcess("native")
    try:
        bad = tmp_path / "bad.so"
        bad.write_bytes(b"not an object" + struct.pack("<Q", 7))
        answer = worker.ask({"do": "kernel", "path": str(bad), "units": 1, "warm": 1})
        assert "OSError" in answer["error"]
        good = KERNELS[0].native()
        assert worker.ask({"do": "kernel", "path": str(good), "units": 20, "warm": 1})["result"] == 6765
        worker.process.kill()
        assert "crash" in worker.ask({"do": "kernel", "path": str(good), "units": 20, "warm": 1})["error"]
        assert "crash" in worker.ask({"do": "load", "path": "", "times": 1})["error"]
    finally:
        worker.close()


def test_builds_are_cached_by_content(zig: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in toolchain.zig_environment().items():
        monkeypatch.setenv(name, value)  # zig's own cache stays where it is: libc is not built again
    monkeypatch.setenv("PYWASI_BUILD_CACHE", str(tmp_path / "cache"))
    source, header = tmp_path / "one.c", tmp_path / "one.h"
    source.write_text('#include "one.h"\nint one(void) { return ONE; }\n')
    header.write_text("#define ONE 1\n")
    first = toolchain.build_reactor(source, ["one"])
    stamp = first.stat().st_mtime_ns
    assert toolchain.build_reactor(source, ["one"]) == first
    assert first.stat().st_mtime_ns == stamp
    assert toolchain.build_reactor(source, ["one"], ["-O0"]) != first
    header.write_text("#define ONE 2\n")
    assert toolchain.build_reactor(source, ["one"]) != first
    source.write_text("int one(void) { return nonsense; }\n")
    with pytest.raises(toolchain.BuildError, match="nonsense"):
        toolchain.build_reactor(source, ["one"])


def test_a_worker_that_hangs_is_ended(zig: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks import bench

    monkeypatch.setattr(bench, "LIMIT", 1.0)
    worker = bench.WorkerProcess("native")
    try:
        kernel = next(kernel for kernel in KERNELS if kernel.name == "sieve")
        request = {"do": "kernel", "path": str(kernel.native()), "units": 2**31, "warm": 1}
        assert "timeout" in worker.ask(request)["error"]
        assert "timeout" in worker.ask(request)["error"]
    finally:
        worker.close()
