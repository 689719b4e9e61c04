"""The benchmark measures what it says: its programs agree with native builds, its table with its samples."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from benchmarks import bigmodule, guests, processes, stops, together, toolchain
from benchmarks.engines import Native, Pywasi
from benchmarks.kernels import KERNELS, MASK, SIMD_KERNELS, Kernel, SimdKernel

import locate
import pywasi_native as wasm

# The real ones are downloaded and take a minute to compile: there the benchmark itself compares the results.
OWN = [kernel for kernel in KERNELS if kernel.sources is None]


@pytest.mark.parametrize("kernel", OWN, ids=lambda kernel: kernel.name)
def test_a_kernel_computes_what_native_code_does(zig: None, kernel: Kernel) -> None:
    units = kernel.scaled(0.03)
    run = Pywasi().load(kernel.wasm().read_bytes()).function("run")
    native = Native.kernel(str(kernel.native()))
    for n in sorted({1, units}):
        assert run(n) & MASK == native(n)


@pytest.mark.parametrize("kernel", SIMD_KERNELS, ids=lambda kernel: kernel.name)
def test_vectors_compute_what_scalars_do(zig: None, kernel: SimdKernel) -> None:
    units = kernel.scaled(0.03)
    plain, vector = kernel.wasm().read_bytes(), kernel.vector_wasm().read_bytes()
    assert plain != vector
    expected = Native.kernel(str(kernel.scalar_native()))
    assert Native.kernel(str(kernel.native()))(units) == expected(units)
    for module in (plain, vector):
        run = Pywasi().load(module).function("run")
        for n in sorted({1, units}):
            assert run(n) & MASK == expected(n)


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


def test_a_long_module_repeats_its_functions(zig: None) -> None:
    module = bigmodule.make_module(60_000, distinct=20_000)
    assert 60_000 <= len(module) < 110_000
    wasmtime = pytest.importorskip(
        "wasmtime", reason="the oracle for generated modules: pip install wasmtime"
    )
    engine = wasmtime.Engine()
    wasmtime.Module.validate(engine, module)
    store = wasmtime.Store(engine)
    instance = wasmtime.Instance(store, wasmtime.Module(engine, module), [])
    assert Pywasi().load(module).function("run")(7) == instance.exports(store)["run"](store, 7)


def test_the_tiny_module() -> None:
    make = Pywasi().maker(guests.tiny_module())
    for instance in (make(), make()):
        assert instance.function("add")(40, 2) == 42
        assert instance.reader(16)() == b"hello" + bytes(11)


@pytest.mark.parametrize("n", [0, 1, 63, 64, -64, -65, 127, 128, 2**31 - 1, -(2**31), -(2**40)])
def test_leb128(n: int) -> None:
    shift = value = 0
    for byte in bigmodule.sleb(n):
        value |= (byte & 0x7F) << shift
        shift += 7
    assert (value - (1 << shift) if byte & 0x40 else value) == n
    if n >= 0:
        assert sum((byte & 0x7F) << 7 * i for i, byte in enumerate(bigmodule.uleb(n))) == n


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
    out = tmp_path / "out"
    rows = "boundary,import,load,instance,cycles,snapshot,stop,pool,threads,async,fib,hashtable,vdot"
    words = ["--engines", "pywasi,native", "--rounds", "2", "--scale", "0.02", "--only", rows]
    done = run_bench(*words, "--out", str(out))
    assert done.returncode == 0, done.stderr
    for name in (
        "call",
        "callback",
        "read16",
        "write1m",
        "import",
        "load",
        "load_69m",
        "snapshot_fork",
        "cycle",
        "cancel_sleep",
        "pool_64k",
        "two_threads",
        "async_waiting",
        "fib",
        "vdot",
    ):
        assert f"\n{name} " in done.stdout
    assert "| with v128 / without | pywasi | native |" in done.stdout
    document = (out / "benchmark.md").read_text(encoding="utf-8")
    assert "| time / time of pywasi | native |\n|---|---|\n| call | " in document
    assert (out / "benchmark.svg").read_text(encoding="utf-8").endswith("</svg>\n")
    written = json.loads((out / "benchmark.json").read_text())
    assert written["engines"] == ["pywasi", "native"]
    assert written["about"]["shells"] == {"pywasi": wasm.engine.shell()}
    by_name = {row["name"]: row for row in written["rows"]}
    assert len(by_name["fib"]["samples"]["pywasi"]) == 2
    assert by_name["fib"]["ratios"]["pywasi"]["median"] == 1.0
    assert len(by_name["vdot"]["against"]["native"]) == 2
    if sys.platform == "linux":
        assert min(by_name["load_69m"]["peak"]["pywasi"]) > 0
        assert min(by_name["cycle_growth"]["samples"]["pywasi"]) >= 0
        assert 0 < min(by_name["instance"]["samples"]["pywasi"]) < 1e6
    assert not any(row["failures"] for row in written["rows"])


def test_a_command_line_engine(zig: None) -> None:
    template = f"cli={sys.executable} -m pywasi_native run {{file}} {{n}}"
    done = run_bench(
        "--engines", "native", "--command", template, "--rounds", "1", "--scale", "0.02", "--only", "sieve,lz"
    )
    assert done.returncode == 0, done.stderr
    assert "geomean kernels" in done.stdout


@pytest.mark.parametrize(
    ("program", "complaint"),
    [
        ("print(int({n}) and 12345)", "sieve: results differ"),
        ("print('no number')", "sieve, cli: output: no number at the end"),
        ("raise SystemExit(3)", "sieve, cli: exit 3"),
    ],
)
def test_a_command_that_computes_something_else(zig: None, program: str, complaint: str) -> None:
    template = f'cli={sys.executable} -c "import sys; {program}" {{file}} {{n}}'
    options = ["--rounds", "1", "--scale", "0.02", "--only", "sieve"]
    done = run_bench("--engines", "native", "--command", template, *options)
    assert done.returncode == 1
    assert f"error: {complaint}" in done.stderr


def test_a_build_beside_the_installed_one(zig: None, tmp_path: Path) -> None:
    """A folder with the installed package: measured as an engine of its own, with its shell and version."""
    site = Path(wasm.__file__).parent.parent
    place = tmp_path / "site"
    place.mkdir()
    (place / "pywasi_native").symlink_to(site / "pywasi_native", target_is_directory=True)
    words = ["--engines", "pywasi", "--build", f"other={place}", "--rounds", "1", "--scale", "0.02"]
    done = run_bench(*words, "--only", "fib,sieve,import", "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    written = json.loads((tmp_path / "out" / "benchmark.json").read_text())
    assert written["about"]["shells"]["other"] == wasm.engine.shell()
    assert {"pywasi", "other"} == set(written["rows"][0]["samples"])


@pytest.mark.parametrize(
    ("args", "advice"),
    [
        (["--engines", "nonsense"], "unknown name 'nonsense'"),
        (["--only", "nonsense"], "unknown name 'nonsense'"),
        (["--base", "native", "--engines", "pywasi"], "--base native is not among the engines"),
        (["--rounds", "0", "--engines", "pywasi"], "must be positive"),
        (["--build", "mine"], "NAME=... is wanted"),
        (["--build", "mine=/nowhere"], "neither a wheel nor a folder"),
        (["--build", "native=/nowhere"], "the name is taken"),
        (["--command", "cli=run {file}"], "lacks {file} or {n}"),
    ],
)
def test_bad_options(zig: None, args: list[str], advice: str) -> None:
    done = run_bench(*args)
    assert done.returncode == 2
    assert advice in done.stderr


def test_a_worker_that_crashes_costs_one_cell(zig: None, tmp_path: Path) -> None:
    """The kernel of a bad shared object cannot be loaded: the row fails, the program says so and goes on."""
    worker = processes.WorkerProcess("native")
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


@pytest.mark.parametrize("way", stops.WAYS)
def test_the_endless_guest_is_stopped_by_us_and_not_by_itself(way: str) -> None:
    clock = stops.Stops()
    for what in stops.WHATS:
        assert 0 <= clock.time(way, what) < 5
        with pytest.raises(wasm.Timeout):
            clock.instances[stops.AFTER][what]()
    assert not [thread for thread in threading.enumerate() if "stop" in thread.name]


def test_a_task_of_the_pools_sees_an_instance_as_it_was_made() -> None:
    one = Pywasi().load(guests.task_module()).instance
    first, second = one.work(together.SMALL), one.work(together.SMALL)
    assert first != second
    expected = x = 1
    for _ in range(together.SMALL):
        x = (x * 1664525 + 1013904223) % 2**32
    expected = x - 2**32 if x >> 31 else x
    assert first == expected
    with wasm.Pool(guests.task_module(), 2) as pool:
        assert set(pool.map("work", [together.SMALL] * 20)) == {first}
    data = bytes(range(256)) * 4
    fresh = [Pywasi().load(guests.task_module()).instance for _ in range(2)]
    changed = together.mix(fresh[0], data)
    assert together.mix(fresh[1], changed) == data  # the same numbers undo it
    assert changed != data


def test_many_at_once_are_compared_with_the_same_work() -> None:
    found = together.threads(1000)
    assert min(found["wall"], found["against"]) > 0
    found = together.coroutines(10)
    assert found["result"] == sum(range(1, 11))
    assert found["cpu"] > found["against"] > 0


def test_a_worker_that_hangs_is_ended(zig: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LIMIT", 1.0)
    worker = processes.WorkerProcess("native")
    try:
        kernel = next(kernel for kernel in KERNELS if kernel.name == "sieve")
        request = {"do": "kernel", "path": str(kernel.native()), "units": 2**31, "warm": 1}
        assert "timeout" in worker.ask(request)["error"]
        assert "timeout" in worker.ask(request)["error"]
    finally:
        worker.close()
