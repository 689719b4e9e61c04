"""L01-L08: what is not granted is not there, is named where it is refused, and stays refused."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import logging
import pickle
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from wasi_trampoline import CREAT, READ, WRITE, Guest, trampoline

import locate
import pywasi_native as wasm
import wasm_bytes

ZIPSLIP = locate.ROOT / "examples" / "zipslip"


def guest_with(**grants: Any) -> Guest:
    instance = wasm.load(trampoline(), wasi=wasm.Wasi(**grants))
    guest = Guest(instance.exports, instance.exports["memory"])
    guest.instance = instance
    return guest


def run_python(code: str, *words: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *words], check=False, capture_output=True, text=True,
        timeout=60, stdin=subprocess.DEVNULL, cwd=cwd, env={"PATH": "", "SECRET_TOKEN": "s3cret"},
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout


# ---- L01: a denied import is named in the error


def test_L01_wasi_without_a_grant_names_every_import_and_what_to_pass() -> None:
    with pytest.raises(wasm.LinkError) as caught:
        wasm.load(trampoline())
    assert len(caught.value.problems) == 46
    assert all("is missing" in problem for problem in caught.value.problems)
    assert "wasi_snapshot_preview1.args_get" in str(caught.value)
    assert "wasi=wasm.Wasi(...)" in str(caught.value)


def test_L01_a_package_that_asks_for_more_names_capability_import_and_grant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_package(tmp_path, "l01_pkg", asks='[ask]\n"dirs:/out" = "results"\n')
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYWASI_POLICY", "")
    with pytest.raises(wasm.CapabilityError) as caught:
        importlib.import_module("l01_pkg._core")
    for word in ("l01_pkg wants dirs:/out (read)", "wasi_snapshot_preview1.path_open", "results", "grant("):
        assert word in str(caught.value)
    wasm.uninstall("l01_pkg")


# ---- L02: nothing leaks by default


def test_L02_nothing_is_there_by_default(tmp_path: Path) -> None:
    """Arguments, variables, streams, directories: in a process that has all of them."""
    code = f"""
        import sys
        sys.path[:0] = {[str(locate.ROOT / "tests/unit/wasi"), *sys.path]!r}
        import pywasi_native as wasm
        from wasi_trampoline import Guest, trampoline
        instance = wasm.load(trampoline(), wasi=wasm.Wasi())
        g = Guest(instance.exports, instance.exports["memory"])
        g.args_sizes_get(16384, 16388), g.environ_sizes_get(16392, 16396)
        print([g.u32(16384 + 4 * i) for i in range(4)])
        print([g.fd_prestat_get(fd, 16384) for fd in range(3, 40)].count("badf"))
        g.put(32768, b"leak")
        print([g.fd_write(fd, *g.iovs((32768, 4)), 16384) for fd in (1, 2)])
        print(g.fd_read(0, *g.iovs((32768, 4)), 16384), g.u32(16384))
    """
    out = run_python(code, "argument", cwd=tmp_path)
    assert out.splitlines() == ["[0, 0, 0, 0]", "37", "['success', 'success']", "success 0"]


def test_L02_clock_and_random_can_be_taken_away() -> None:
    numbers = []
    for _ in range(2):
        guest = guest_with(clock=wasm.fixed_clock(5), random=wasm.seeded(1))
        for clock in (0, 1):
            assert guest.clock_time_get(clock, 0, 16384) == "success"
            assert guest.u64(16384) == 5
        assert guest.random_get(32768, 16) == "success"
        numbers.append(guest.get(32768, 16))
    assert numbers[0] == numbers[1] != bytes(16)
    less = wasm.Wasi().without("clock", "random")
    assert (less.clock, less.random) == (wasm.fixed_clock(0), wasm.seeded(0))


# ---- L03 and L04: the audit log


_listeners: list[Any] = []


def _hook(name: str, args: tuple[Any, ...]) -> None:
    for listener in tuple(_listeners):
        listener(name, args)


@contextlib.contextmanager
def listening(listener: Any) -> Iterator[None]:
    """Calls `listener` for audit events. A hook cannot be taken back: there is one for all tests."""
    if not vars(_hook):
        sys.addaudithook(_hook)
        _hook.__dict__["installed"] = True
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def test_L03_events_come_in_order_with_their_content(tmp_path: Path) -> None:
    events: list[tuple[str, tuple[Any, ...]]] = []
    data = trampoline()
    with listening(lambda name, args: name.startswith("pywasi.") and events.append((name, args))):
        instance = wasm.load(data, wasi=wasm.Wasi(env={"A": "1"}, dirs={"/ro": wasm.ro(tmp_path)}))
        guest = Guest(instance.exports, instance.exports["memory"])
        (tmp_path / "f").touch()
        assert isinstance(guest.open("f"), int)
        assert guest.open("new", CREAT, READ | WRITE) == "perm"
        assert guest.open("../f") == "perm"
    outside = "a path that leaves the directory"
    assert events == [
        ("pywasi.compile", ("wasm", len(data))),
        ("pywasi.instantiate", ("wasm", ("env:A", "dirs:/ro (read)"))),
        ("pywasi.open", ("wasm", "path_open", "/ro", "f", ("read",))),
        ("pywasi.deny", ("wasm", "path_open", "write", "/ro", "new")),
        ("pywasi.open", ("wasm", "path_open", "/ro", "../f", ("read",))),
        ("pywasi.deny", ("wasm", "path_open", outside, "/ro", "../f")),
    ]


def test_L04_a_hook_that_raises_denies(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"secret")
    guest = guest_with(dirs={"/": wasm.rw(tmp_path)})

    def refuse(name: str, _args: tuple[Any, ...]) -> None:
        if name in refused:
            raise RuntimeError("no")

    with listening(refuse):
        refused = {"pywasi.open"}
        assert guest.open("f") == "perm"
        assert guest.open("new", CREAT, WRITE) == "perm"
        assert guest.path_create_directory(3, *guest.path("d")) == "perm"
        assert guest.path_unlink_file(3, *guest.path("f")) == "perm"
        assert guest.fd_readdir(3, 32768, 1000, 0, 16384) == "perm"
        refused = {"pywasi.compile"}
        with pytest.raises(RuntimeError, match="no"):
            wasm.compile(trampoline())
        refused = {"pywasi.instantiate"}
        with pytest.raises(RuntimeError, match="no"):
            guest_with()
    assert [path.name for path in tmp_path.iterdir()] == ["f"]
    assert len(guest.instance.denials) == 5


# ---- L05: a policy does not change, and leads nowhere


def test_L05_a_policy_does_not_change_after_instantiation(tmp_path: Path) -> None:
    env, dirs = {"A": "1"}, {"/ro": wasm.ro(tmp_path)}
    wasi = wasm.Wasi(env=env, dirs=dirs)
    instance = wasm.load(trampoline(), wasi=wasi)
    env["B"], dirs["/"] = "2", wasm.rw("/")
    for target, name in ((wasi, "dirs"), (wasi.dirs["/ro"], "write")):
        with pytest.raises(AttributeError, match="immutable"):
            setattr(target, name, {})
        with pytest.raises(AttributeError, match="immutable"):
            delattr(target, name)
    for mapping in (wasi.env, wasi.dirs):
        with pytest.raises(TypeError):
            mapping["x"] = wasm.rw("/")  # type: ignore[index]
    guest = Guest(instance.exports, instance.exports["memory"])
    assert guest.fd_prestat_get(4, 16384) == "badf"
    guest.environ_sizes_get(16384, 16388)
    assert guest.u32(16384) == 1


def test_L05_what_a_guest_hands_to_the_host_is_plain() -> None:
    seen: list[object] = []
    m = wasm_bytes.Module()
    f = m.import_func("env", "f", "i32 i64 f64")
    m.func(f"i32.const 1; i64.const 2; f64.const 3; call {f}", export="run")
    wasm.load(m.bytes(), {"env": {"f": lambda *values: seen.extend(values)}}).run()
    assert [type(value) for value in seen] == [int, int, float]


def test_L05_the_text_of_a_host_error_does_not_reach_the_guest() -> None:
    def leak() -> None:
        raise ValueError("s3cret")

    m = wasm_bytes.Module()
    f = m.import_func("env", "f")
    m.func(f"call {f}", export="run")
    m.memory(1)
    instance = wasm.load(m.bytes(), {"env": {"f": leak}})
    with pytest.raises(ValueError, match="s3cret"):
        instance.run()
    assert b"s3cret" not in bytes(instance.memory[0:65536])


# ---- L06: ZipSlip


def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("zipslip_example", ZIPSLIP / "zipslip.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


OUTSIDE = ["absolute.txt", "dots.txt", "outside/link.txt", "outside/rooted.txt", "outside/slash.txt"]


@pytest.fixture
def jail(tmp_path: Path) -> Path:
    place = tmp_path.resolve() / "jail"
    place.mkdir()
    example().make_jail(place)
    example().make_archive(place / "archive.zip", place)
    return place


def test_L06_the_native_extractor_writes_outside(jail: Path, tmp_path: Path) -> None:
    """Or the next test shows nothing."""
    if str(locate.ROOT) not in sys.path:
        sys.path.append(str(locate.ROOT))
    from benchmarks import toolchain

    if sys.platform == "win32":
        pytest.skip("the extractor speaks POSIX (openat, symlinkat)")
    try:
        program = toolchain.build_native(ZIPSLIP / "unzip.c")
    except (OSError, ImportError, toolchain.BuildError) as error:
        locate.missing(f"The extractor is built by a C compiler: {error}")
    example().run_native(program, jail)
    assert example().escaped(jail) == OUTSIDE


def test_L06_the_same_extractor_stays_inside_as_wasm(jail: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="pywasi_native.audit")
    done = example().run_wasm(jail)
    assert example().escaped(jail) == []
    assert list((jail / "outside").iterdir()) == []
    assert (jail / "app/out/good.txt").read_text() == "fine\n"
    assert (jail / "app/out/folder/also good.txt").read_text() == "fine\n"
    assert isinstance(done.stdout, str)
    results = dict(line.rsplit(": ", 1) for line in done.stdout.splitlines())
    refused = [name for name, result in results.items() if result != "unpacked"]
    assert refused == ["../../dots.txt", "rooted", "link/link.txt", "slash/slash.txt"]
    logged = [vars(record)["pywasi"] for record in caplog.records]
    assert {facts["event"] for facts in logged} == {"deny"}
    # The entry "rooted" is refused for its target, which is what the log has.
    wanted = {"../../dots.txt", f"{jail}/outside", "link/link.txt", "slash/slash.txt"}
    assert wanted <= {facts["path"] for facts in logged}
    assert wanted <= {denial.path for denial in done.denials}
    assert done.returncode == 1
    with pytest.raises(subprocess.CalledProcessError) as caught:
        done.check_returncode()
    assert "path_open of 'slash/slash.txt': a path that leaves the directory" in str(caught.value)


# ---- L07: packages are apart


def write_package(site: Path, name: str, asks: str = "") -> None:
    folder = site / name
    folder.mkdir()
    (folder / "__init__.py").write_text("import pywasi_native\npywasi_native.install(__name__)\n")
    (folder / "_core.wasm").write_bytes(trampoline())
    if asks:
        (folder / "capabilities.toml").write_text(asks)


def test_L07_a_package_sees_neither_grants_nor_memory_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYWASI_POLICY", "")
    folders = {}
    for name in ("l07_one", "l07_two"):
        write_package(tmp_path, name)
        folders[name] = tmp_path / f"{name}_data"
        folders[name].mkdir()
        (folders[name] / name).touch()
        wasm.grant(name, wasm.Wasi(dirs={"/data": wasm.ro(folders[name])}))
    one, two = (importlib.import_module(f"{name}._core") for name in folders)
    guests = [Guest(module.__wasm__.exports, module.memory) for module in (one, two)]
    for guest, own, other in zip(guests, folders, reversed(folders), strict=True):
        assert isinstance(guest.open(own), int)
        assert guest.open(other) == "noent"
        assert guest.open(f"../{other}_data/{other}") == "perm"
        assert guest.fd_prestat_get(4, 16384) in ("badf", "notdir")
        assert guest.open(other, dirfd=5) == "badf"
    guests[0].put(32768, b"secret")
    assert guests[1].get(32768, 6) == bytes(6)
    for name in folders:
        wasm.grant(name, None)
        wasm.uninstall(name)
        for module in (f"{name}._core", name):
            del sys.modules[module]


# ---- L08: no secrets


def test_L08_neither_text_nor_pickle_of_a_policy_has_secrets() -> None:
    wasi = wasm.Wasi(
        args=["prog", "hunter2"], env={"TOKEN": "s3cret"}, stdin=b"topsecret", stdout=io.BytesIO()
    )
    secrets = ("hunter2", "s3cret", "topsecret")
    assert not any(word in text for word in secrets for text in (repr(wasi), str(wasi), f"{wasi}"))
    assert "TOKEN" in repr(wasi)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match=r"not pickled") as caught:
            pickle.dumps(wasi, protocol)
        assert not any(word in str(caught.value) for word in secrets)
    less = wasi.without("args", "env", "stdin", "stdout")
    assert not any(word.encode() in pickle.dumps(less) for word in secrets)


def test_L08_the_log_has_no_values_of_variables(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="pywasi_native.audit")
    guest_with(args=["prog", "hunter2"], env={"TOKEN": "s3cret"}, stdin=b"topsecret")
    shown = " ".join(f"{record.getMessage()} {vars(record)['pywasi']}" for record in caplog.records)
    assert "env:TOKEN" in shown
    assert not any(word in shown for word in ("hunter2", "s3cret", "topsecret"))
