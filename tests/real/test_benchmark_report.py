"""From samples to what is said: ratios, means, goals, the picture, and the document. No clocks here."""

from __future__ import annotations

import json
import math
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from benchmarks import goals, options, packages, picture, publish, report
from benchmarks.report import Row
from benchmarks.stops import WHATS

ABOUT: dict[str, Any] = {
    "date": "2026-11-21", "cpu": "a CPU", "cpus": 2, "python": "3.12", "rounds": 3, "scale": 1.0,
    "versions": {"pywasi": "0.1", "pywasm3": "0.5", "native": "0"}, "shells": {"pywasi": "goto"},
}  # fmt: skip
ENGINES = ["pywasi", "pywasm3", "wasmtime", "native"]


def row(name: str, group: str, unit: str = "s", **samples: float) -> Row:
    """A row with the same sample three times."""
    return Row(name, group, unit, samples={engine: [value] * 3 for engine, value in samples.items()})


def against(name: str, group: str, mine: float, other: float, unit: str = "s") -> Row:
    """A row of this project alone, with the same work done the other way."""
    return Row(name, group, unit, samples={"pywasi": [mine]}, against={"pywasi": [other]})


def every_row(**changed: Row) -> list[Row]:
    """Rows that meet every goal, but for those that are given by name."""
    fine = [
        row("call", "boundary", pywasi=1.7, pywasm3=4.0, wasmtime=900.0, native=1.0),
        row("callback", "boundary", pywasi=1.9, pywasm3=3.0, native=1.0),
        row("read16", "boundary", pywasi=1.4, native=1.0),
        row("write1m", "boundary", pywasi=1.5, native=1.0),
        row("import", "import", pywasi=0.013, pywasm3=0.0101, native=0.010),
        row("load", "load", pywasi=0.008, pywasm3=0.002, wasmtime=0.4),
        row("load_27m", "load", pywasi=0.5),
        Row("load_69m", "load", samples={"pywasi": [1.0]}, peak={"pywasi": [250e6], "pywasm3": [9e7]}),
        row("instance", "memory", "B", pywasi=16384.0, wasmtime=9000.0),
        row("wheel", "size", "B", pywasi=1.5e6, wasmtime=9.6e6),
        row("fib", "kernels", pywasi=0.5, pywasm3=1.0, native=0.1),
        row("lz", "kernels", pywasi=0.5, pywasm3=1.0, native=0.1),
        Row("vdot", "simd", samples={"pywasi": [1.0, 2.0]}, against={"pywasi": [2.0, 5.0]}),
        *(
            row(f"{way}_{what}", "stop", "wall", pywasi=0.02)
            for way in ("cancel", "timeout")
            for what in WHATS
        ),
        *(row(f"ctrl_c_{what}", "stop", "wall", pywasi=0.05) for what in WHATS),
        against("snapshot_take", "snapshot", 0.08, 0.04),
        row("snapshot_reset", "snapshot", pywasi=200e-6),
        row("snapshot_fork", "snapshot", pywasi=200e-6),
        against("pool_small", "pool", 1e-6, 1.5e-6, "wall"),
        against("pool_64k", "pool", 1e-4, 1.2e-4, "wall"),
        against("pool_10ms", "pool", 1e-2, 0.95e-2, "wall"),
        against("two_threads", "threads", 1.2, 1.0, "wall"),
        against("async_waiting", "async", 1e-4, 1e-5),
        row("cycle", "cycles", pywasi=50e-6, wasmtime=51e-6),
        row("cycle_growth", "cycles", "B", pywasi=2.0 * 2**20),
    ]
    return [changed.get(one.name, one) for one in fine]


def not_met(rows: list[Row], engines: list[str] = ENGINES, about: dict[str, Any] = ABOUT) -> list[str]:
    return [result.what for result in goals.results(rows, engines, about) if not result.met]


def test_ratios_are_of_the_same_round() -> None:
    one = Row("r", "kernels", samples={"a": [1.0, 20.0, 3.0], "b": [2.0, 10.0, 6.0]})
    found = report.ratio(one, "a", "b")
    assert found is not None
    assert (found.median, found.spread) == (0.5, 3.0)
    assert report.ratio(one, "a", "missing") is None
    other = Row("s", "kernels", samples={"a": [2.0], "b": [1.0]})
    mean = report.mean_ratio([one, other], "a", "b")
    assert mean is not None
    assert math.isclose(mean[0], 1.0)
    text = report.table([one, other], ["a", "b"], "b")
    assert "0.5 \u00b1150%" in text
    assert "1 of 2" in text


def test_who_is_sampled_once_is_paired_with_the_first_round() -> None:
    one = Row("r", "load", samples={"slow": [10.0], "fast": [2.0, 100.0]})
    found = report.ratio(one, "slow", "fast")
    assert found is not None
    assert (found.median, found.spread) == (5.0, 0.0)


def test_disagreement_is_an_error() -> None:
    assert Row("r", "kernels", results={"a": 1, "b": 2}).disagreement() is not None
    assert Row("r", "kernels", results={"a": 1, "b": 1}).disagreement() is None


def test_a_failure_ends_the_cell() -> None:
    one = Row("r", "kernels")
    one.record("a", {"cpu": 1.0, "result": 7})
    one.record("b", {"cpu": 2.0, "result": 7})
    one.record("b", {"error": "crash: gone"})
    assert one.failures == {"b": "crash: gone"}
    assert one.samples == {"a": [1.0]}
    one.record("a", {"cpu": 1.0, "result": 8})
    assert "unsteady" in one.failures["a"]
    assert not one.samples


def test_bytes_peaks_and_scalars_are_kept() -> None:
    memory = Row("instance", "memory", "B")
    memory.record("a", {"bytes": 4096})
    assert memory.samples == {"a": [4096]}
    load = Row("load_69m", "load")
    load.record("a", {"cpu": 1.0, "peak": 5})
    assert load.peak == {"a": [5]}
    simd = Row("vdot", "simd")
    simd.record("a", {"cpu": 1.0, "against": 3.0})
    simd.record("a", {"cpu": 2.0, "against": 4.0})
    found = report.gain(simd, "a")
    assert found is not None
    assert found.median == 2.5
    assert report.gain(simd, "b") is None


def test_goals_that_are_met_exactly() -> None:
    assert not_met(every_row()) == []
    assert len(goals.results(every_row(), ENGINES, ABOUT)) == 26


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        (row("call", "boundary", pywasi=1.81, native=1.0), "`add(i32, i32)` from Python"),
        (row("callback", "boundary", pywasi=2.01, native=1.0), "wasm calls a Python function"),
        (row("read16", "boundary", pywasi=1.51, native=1.0), "read 16 bytes of memory"),
        (row("write1m", "boundary", pywasi=1.51, native=1.0), "write 1 MB of memory"),
        (row("import", "import", pywasi=0.0131, native=0.010), "import, over bare Python"),
        (row("load", "load", pywasi=0.0081), "load a module of 1.4 MB, with validation"),
        (row("load", "load", pywasi=0.007, wasmtime=0.006), "load a module of 1.4 MB, with validation"),
        (row("load_27m", "load", pywasi=1.01), "load a module of 27 MB"),
        (
            Row("load_69m", "load", samples={"pywasi": [0.9]}, peak={"pywasi": [251e6]}),
            "load a module of 69 MB",
        ),
        (row("instance", "memory", "B", pywasi=16385.0), "memory of an instance of a tiny module"),
        (row("wheel", "size", "B", pywasi=1.51e6), "the wheel"),
        (row("cancel_sleep", "stop", "wall", pywasi=0.021), "`cancel` from a thread ends a call"),
        (row("timeout_loop", "stop", "wall", pywasi=0.021), "a timeout ends it"),
        (row("ctrl_c_wait", "stop", "wall", pywasi=0.051), "Ctrl-C ends it"),
        (
            against("snapshot_take", "snapshot", 0.081, 0.04),
            "snapshot of an instance of 64 MiB, all in use",
        ),
        (row("snapshot_reset", "snapshot", pywasi=201e-6), "reset of it, 100 pages written"),
        (row("snapshot_fork", "snapshot", pywasi=201e-6), "fork of it, made and dropped"),
        (against("pool_small", "pool", 1e-6, 1.4e-6, "wall"), "`Pool` of 2: tasks of less than 1 µs"),
        (against("pool_64k", "pool", 1e-4, 1.1e-4, "wall"), "`Pool` of 2: tasks with 64 KiB there and back"),
        (against("pool_10ms", "pool", 1.0, 0.94, "wall"), "`Pool` of 2: tasks of some 10 ms"),
        (against("two_threads", "threads", 1.21, 1.0, "wall"), "two instances in two threads"),
        (
            against("async_waiting", "async", 1.01e-4, 1e-5),
            "10,000 instances that wait for `async` functions in one thread, made, called and finished",
        ),
        (row("cycle", "cycles", pywasi=51e-6, wasmtime=60e-6), "an instance made, called once, dropped"),
        (row("cycle", "cycles", pywasi=40e-6, pywasm3=39e-6), "an instance made, called once, dropped"),
        (row("cycle_growth", "cycles", "B", pywasi=2.1e6), "memory that 100,000 of them leave"),
        (
            Row("vdot", "simd", samples={"pywasi": [1.0]}, against={"pywasi": [1.99]}),
            "1 programs with SIMD against the same without: pywasi (goto shell)",
        ),
    ],
)
def test_a_goal_that_is_just_missed(bad: Row, what: str) -> None:
    assert not_met(every_row(**{bad.name: bad})) == [what]


def test_one_slow_program_is_named() -> None:
    slow = row("lz", "kernels", pywasi=1.1, pywasm3=1.0)
    found = {result.what: result for result in goals.results(every_row(lz=slow), ENGINES, ABOUT)}
    result = found["programs slower than pywasm3: pywasi (goto shell)"]
    assert not result.met
    assert result.result == "1: lz (the least: lz, 0.91 x)"


def test_the_mean_needs_all_programs() -> None:
    failed = Row("lz", "kernels", samples={"pywasm3": [1.0]}, failures={"pywasi": "crash: gone"})
    (what,) = not_met(every_row(lz=failed))
    assert what == "speed, geometric mean of 1 programs: pywasi (goto shell)"


def test_what_is_asked_of_a_build_depends_on_its_shell() -> None:
    names = ["pywasi", "pywasi-goto", "pywasi-tail", "pywasm3"]
    rows = [row(name, "kernels", **dict.fromkeys(names[:3], 1 / 1.9), pywasm3=1.0) for name in ("fib", "lz")]
    about = ABOUT | {"shells": {"pywasi": "goto", "pywasi-goto": "goto", "pywasi-tail": "tail"}}
    assert not_met(rows, names, about) == [
        "speed, geometric mean of 2 programs: pywasi (goto shell)",
        "speed, geometric mean of 2 programs: pywasi-tail (tail shell)",
    ]


def test_a_part_of_a_module_meets_no_goal_nor_do_few_instances() -> None:
    whats = [result.what for result in goals.results(every_row(), ENGINES, ABOUT | {"scale": 0.5})]
    assert len(whats) == 26 - 6
    assert not [what for what in whats if what.startswith(("load", "10,000", "memory that 100,000"))]


def test_what_a_run_says_of_stopping_and_of_pools() -> None:
    found = {result.what: result for result in goals.results(every_row(), ENGINES, ABOUT)}
    stopped = found["Ctrl-C ends it"]
    assert stopped.result == "loop 50, bulk 50, sleep 50, read 50, wait 50 ms"
    pooled = found["`Pool` of 2: tasks of less than 1 µs"]
    assert (pooled.result, pooled.others) == ("1.50 x (1000000 tasks/s)", "multiprocessing 666667 tasks/s")
    assert found["two instances in two threads"].result == "1.20 x"
    assert found["an instance made, called once, dropped"].others == "wasmtime 51 µs"


def test_json_gives_the_rows_back() -> None:
    rows = every_row()
    data = json.loads(json.dumps(report.as_json(rows, ENGINES, "pywasm3", ABOUT)))
    assert report.from_json(data) == rows


def test_the_picture_is_well_formed_and_its_bars_are_in_proportion() -> None:
    rows = [row("fib", "kernels", pywasi=0.5, pywasm3=1.0), row("<lz>", "kernels", pywasi=0.25, pywasm3=1.0)]
    text = picture.svg(rows, ["pywasi", "pywasm3"], "pywasm3", ["pywasi"], "here & now")
    root = ElementTree.fromstring(text)
    space = "{http://www.w3.org/2000/svg}"
    bars = [float(one.attrib["width"]) for one in root.iter(f"{space}rect") if "y" in one.attrib][1:]
    assert math.isclose(bars[1], 2 * bars[0], rel_tol=0.01)  # a logarithmic scale: 4 is twice as far as 2
    words = [one.text for one in root.iter(f"{space}text")]
    assert "<lz>" in words
    assert "here & now" in words
    height = float(root.attrib["height"])
    assert all(0 <= float(one.attrib["y"]) <= height for one in root.iter(f"{space}text"))
    assert "prefers-color-scheme: dark" in text


def test_publishing_changes_the_block_and_nothing_else(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- benchmarks -->old<!-- /benchmarks -->\nafter \\1\n", encoding="utf-8")
    data = report.as_json(every_row(), ENGINES, "pywasm3", ABOUT)
    publish.publish(data, tmp_path / "results", readme)
    text = readme.read_text(encoding="utf-8")
    assert text.startswith("before\n<!-- benchmarks -->\n![")
    assert text.endswith("<!-- /benchmarks -->\nafter \\1\n")
    assert "old" not in text
    assert "2026-11-21, a CPU (2 CPUs)" in text
    assert {file.name for file in (tmp_path / "results").iterdir()} == {
        "benchmark.json", "benchmark.md", "benchmark.svg",
    }  # fmt: skip
    readme.write_text("no marks\n")
    with pytest.raises(ValueError, match="no <!-- benchmarks -->"):
        publish.publish(data, tmp_path / "results", readme)


def test_what_may_be_published() -> None:
    chosen = options.Options(list(ENGINES), "pywasm3")
    assert publish.obstacles([], every_row(), chosen) == []
    assert publish.obstacles(["fib: results differ"], every_row(), chosen) == ["fib: results differ"]
    part = options.Options(["pywasi"], "pywasi", only=["fib"], scale=0.1)
    assert len(publish.obstacles([], [], part)) == 3


def test_what_is_committed_is_of_one_run(project_root: Path) -> None:
    """Tables, picture and README say what benchmark.json says: nobody has edited a result."""
    data = json.loads((publish.RESULTS / "benchmark.json").read_text(encoding="utf-8"))
    assert (publish.RESULTS / "benchmark.md").read_text(encoding="utf-8") == publish.document_of(data)
    assert (publish.RESULTS / "benchmark.svg").read_text(encoding="utf-8") == publish.picture_of(data)
    readme = (project_root / "README.md").read_text(encoding="utf-8")
    assert publish.BLOCK.findall(readme) == [publish.readme_block(data)]
    for one in report.from_json(data):
        assert not one.failures
        assert one.disagreement() is None


def test_a_version_is_read_from_a_folder(tmp_path: Path) -> None:
    assert packages.version_in(tmp_path) == "unknown"
    info = tmp_path / "pywasi_native-9.8.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pywasi-native\nVersion: 9.8\n")
    assert packages.version_in(tmp_path) == "9.8"
    assert re.fullmatch(r"[\w.-]+", packages.DISTRIBUTION)
