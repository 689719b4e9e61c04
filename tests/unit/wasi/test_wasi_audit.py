"""Uses of grants and refusals: events of sys.audit, records of the logger, what a run tells afterwards."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from wasi_trampoline import (
    APPEND,
    CREAT,
    DIRECTORY,
    READ,
    WRITE,
    Guest,
    leb,
    section,
    text,
    trampoline,
)

import pywasi_native as wasm

Event = tuple[str, tuple[Any, ...]]
_heard: list[Callable[[str, tuple[Any, ...]], None]] = []
_installed = False


def _hook(name: str, args: tuple[Any, ...]) -> None:
    for listener in tuple(_heard):
        listener(name, args)


class Events(list[Event]):
    """What was heard; `refuse` may raise."""

    def __init__(self) -> None:
        self.refuse: Callable[[str, tuple[Any, ...]], None] = lambda _name, _args: None

    def hear(self, name: str, args: tuple[Any, ...]) -> None:
        if name.startswith(("pywasi.", "open", "os.")):
            self.append((name, args))
            self.refuse(name, args)

    def ours(self) -> list[Event]:
        """The events of this package."""
        return [event for event in self if event[0].startswith("pywasi.")]


@pytest.fixture
def events() -> Iterator[Events]:
    """The events while a test runs. A hook cannot be taken back, so one serves all tests."""
    global _installed
    if not _installed:
        sys.addaudithook(_hook)
        _installed = True
    found = Events()
    _heard.append(found.hear)
    yield found
    _heard.remove(found.hear)


def test_every_path_that_is_opened_is_an_event(guest: Guest, sandbox: Path, events: Events) -> None:
    (sandbox / "f").write_bytes(b"x")
    events.clear()
    assert isinstance(guest.open("f"), int)
    assert isinstance(guest.open("new", CREAT, READ | WRITE), int)
    name = guest.instance.module.name
    assert (
        events
        == [
            ("pywasi.open", (name, "path_open", "/", "f", ("read",))),
            ("open", (str(sandbox / "f"), None, 0)),
            ("pywasi.open", (name, "path_open", "/", "new", ("read", "write", "create"))),
            ("open", (str(sandbox / "new"), None, 2 | 0o100)),
        ]
        or sys.platform != "linux"
    )


def test_hooks_see_the_whole_path(guest: Guest, sandbox: Path, events: Events) -> None:
    (sandbox / "f").touch()
    (sandbox / "sub" / "deep").mkdir(parents=True)
    (sandbox / "sub" / "deep" / "g\n").touch()
    long = "./" * 1000 + "f"
    directory = guest.open("sub", DIRECTORY)
    assert isinstance(directory, int)
    deeper = guest.open("deep", DIRECTORY, dirfd=directory)
    assert isinstance(deeper, int)
    events.clear()
    assert isinstance(guest.open(long), int)
    assert isinstance(guest.open("g\n", dirfd=deeper), int)
    assert guest.fd_readdir(deeper, 32768, 1000, 0, 16384) == "success"
    start = "sub/deep/" if sys.platform == "linux" else "?/"
    assert [args[3] for name, args in events if name == "pywasi.open"] == [long, f"{start}g\n", start]
    assert [args[0] for name, args in events if name == "open"] == [
        str(sandbox / "x")[:-1] + long,
        f"{sandbox}/{start}g\n",
    ]


def test_python_has_events_for_other_calls(guest: Guest, sandbox: Path, events: Events) -> None:
    (sandbox / "f").touch()
    events.clear()
    assert guest.path_create_directory(3, *guest.path("d")) == "success"
    assert guest.path_remove_directory(3, *guest.path("d")) == "success"
    assert guest.path_unlink_file(3, *guest.path("f")) == "success"
    assert guest.fd_readdir(3, 32768, 1000, 0, 16384) == "success"
    theirs = [event for event in events if event[0].startswith("os.")]
    assert theirs == [
        ("os.mkdir", (str(sandbox / "d"), 0o777, -1)),
        ("os.rmdir", (str(sandbox / "d"), -1)),
        ("os.remove", (str(sandbox / "f"), -1)),
        ("os.listdir", (str(sandbox),)),
    ]


def test_a_hook_that_raises_refuses(guest: Guest, sandbox: Path, events: Events) -> None:
    def refuse(name: str, args: tuple[Any, ...]) -> None:
        if name == "pywasi.open" and args[3] == "f":
            raise RuntimeError("no")

    (sandbox / "f").write_bytes(b"x")
    (sandbox / "g").write_bytes(b"x")
    events.refuse = refuse
    assert guest.open("f") == "perm"
    assert isinstance(guest.open("g"), int)
    assert [name for name, _ in events.ours()] == ["pywasi.open", "pywasi.deny", "pywasi.open"]
    (denial,) = guest.instance.denials
    assert (denial.call, denial.grant, denial.path) == ("path_open", "/", "f")
    assert "hook" in denial.wanted


def test_a_hook_for_open_refuses_too(guest: Guest, sandbox: Path, events: Events) -> None:
    def refuse(name: str, args: tuple[Any, ...]) -> None:
        if name == "open" and args[0] == str(sandbox / "f"):
            raise PermissionError

    events.refuse = refuse
    assert guest.open("f", CREAT, READ | WRITE) == "perm"
    assert not (sandbox / "f").exists()


@pytest.mark.parametrize("how", [KeyboardInterrupt, SystemExit])
def test_an_exception_that_ends_the_program_is_no_refusal(
    guest: Guest, events: Events, how: type[BaseException]
) -> None:
    def end(name: str, _args: tuple[Any, ...]) -> None:
        if name == "pywasi.open":
            raise how

    events.refuse = end
    with pytest.raises(how):
        guest.open("f")
    events.refuse = lambda _name, _args: None
    assert guest.open("f") == "noent"


def test_a_refusal_is_an_event_whatever_the_hook_raises(guest: Guest, events: Events) -> None:
    def refuse(name: str, _args: tuple[Any, ...]) -> None:
        if name == "pywasi.deny":
            raise SystemExit

    events.refuse = refuse
    assert guest.open("../out/secret") == "perm"
    name = guest.instance.module.name
    wanted = "a path that leaves the directory"
    assert events.ours()[-1] == ("pywasi.deny", (name, "path_open", wanted, "/", "../out/secret"))


def test_a_connection_that_is_accepted_is_an_event(make_guest: Callable[..., Guest], events: Events) -> None:
    def refuse(name: str, _args: tuple[Any, ...]) -> None:
        if name == "pywasi.accept" and refusing:
            raise RuntimeError

    refusing = True
    with socket.create_server(("127.0.0.1", 0)) as listener:
        guest = make_guest(sockets=[listener])
        events.clear()
        events.refuse = refuse
        with socket.create_connection(listener.getsockname()) as peer:
            port = listener.getsockname()[1]
            asked = (
                "pywasi.accept",
                ("wasm", f"socket 127.0.0.1:{port}", f"127.0.0.1:{peer.getsockname()[1]}"),
            )
            assert guest.sock_accept(3, 0, 16384) == "perm"
            assert events.ours()[0] == asked
            assert events.ours()[1][0] == "pywasi.deny"
        refusing = False
        with socket.create_connection(listener.getsockname()):
            assert guest.sock_accept(3, 0, 16384) == "success"


def test_ctrl_c_while_a_refusal_is_told_is_not_lost(guest: Guest, sandbox: Path, events: Events) -> None:
    import wasm_loops

    def interrupt(name: str, _args: tuple[Any, ...]) -> None:
        if name == "pywasi.deny":
            raise KeyboardInterrupt

    instance = wasm.load(wasm_loops.opener("../x"), wasi=wasm.Wasi(dirs={"/": wasm.ro(sandbox)}))
    events.refuse = interrupt

    def run_often() -> None:
        for _ in range(1000):
            instance.run()

    with pytest.raises(KeyboardInterrupt):
        run_often()


def test_a_hook_may_run_the_guest(guest: Guest, sandbox: Path, events: Events) -> None:
    """It closes the directory in which something is being opened, and opens another file meanwhile."""
    (sandbox / "f").touch()
    (sandbox / "g").touch()
    done: list[object] = []

    def meddle(name: str, args: tuple[Any, ...]) -> None:
        if name == "pywasi.open" and args[3] == "f" and not done:
            done.append(guest.open("g", dirfd=4))
            done.append(guest.fd_close(3))

    events.refuse = meddle
    assert guest.open("f") == "badf"
    assert isinstance(done[0], int)
    assert done[1] == "success"


def test_compiling_and_instantiating_are_events_that_can_refuse(events: Events, sandbox: Path) -> None:
    data = trampoline()
    wasi = wasm.Wasi(args=["a"], env={"TOKEN": "s3cret"}, stdout=wasm.PIPE, dirs={"/in": wasm.ro(sandbox)})
    wasm.compile(data).instantiate(wasi=wasi)
    assert ("open", (str(sandbox), None, 0)) in events
    assert events.ours() == [
        ("pywasi.compile", ("wasm", len(data))),
        ("pywasi.instantiate", ("wasm", ("args", "stdout", "env:TOKEN", "dirs:/in (read)"))),
    ]

    def refuse(name: str, _args: tuple[Any, ...]) -> None:
        if name in refused:
            raise LookupError(name)

    events.refuse = refuse
    for name in ("pywasi.compile", "pywasi.instantiate"):
        refused = (name,)
        with pytest.raises(LookupError, match=name):
            wasm.load(data, wasi=wasi)


def test_a_long_call_without_the_gil_is_heard(events: Events, sandbox: Path) -> None:
    """The guest opens a file again and again; the GIL is given away meanwhile; a hook then refuses."""
    import wasm_loops

    started = threading.Event()

    def refuse(name: str, _args: tuple[Any, ...]) -> None:
        if name == "pywasi.open":
            started.set()
            if time.monotonic() > begin + 0.3:
                raise RuntimeError

    (sandbox / "f").touch()
    begin = time.monotonic()
    events.refuse = refuse
    instance = wasm.load(wasm_loops.opener("f"), wasi=wasm.Wasi(dirs={"/": wasm.ro(sandbox)}))
    assert instance.run() == 63  # perm, the first error number that is none of success
    assert 0.25 < time.monotonic() - begin < 10


# ---- the logger


@pytest.fixture
def records(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """The records of the logger, INFO and above."""
    caplog.set_level(logging.INFO, logger="pywasi_native.audit")
    return caplog


def test_uses_and_refusals_are_records(
    guest: Guest, sandbox: Path, records: pytest.LogCaptureFixture
) -> None:
    (sandbox / "f").touch()
    guest.open("f")
    guest.open("../x")
    opened, tried, denied = records.records
    assert vars(tried)["pywasi"]["event"] == "open"  # it is told before it is known where the path leads
    assert (opened.levelname, denied.levelname) == ("INFO", "WARNING")
    assert opened.getMessage() == "wasm: path_open of 'f' below '/' to read"
    name = guest.instance.module.name
    assert vars(opened)["pywasi"] == {
        "event": "open", "guest": name, "call": "path_open", "grant": "/", "path": "f", "access": ("read",),
        "suppressed": 0,
    }  # fmt: skip
    assert vars(denied)["pywasi"]["event"] == "deny"
    assert "path_open of '../x': a path that leaves the directory was not granted" in denied.getMessage()


def test_strings_of_the_guest_are_made_harmless(guest: Guest, records: pytest.LogCaptureFixture) -> None:
    guest.open("../\n\x1b[31mforged")
    guest.open("../" + "x" * 4000)
    for record in records.records:
        assert "\n" not in record.getMessage()
        assert "\x1b" not in record.getMessage()
        assert len(record.getMessage()) < 600


def test_the_name_of_a_module_is_made_harmless(records: pytest.LogCaptureFixture) -> None:
    name = "a\n\x1b[31m" + "x" * 1000
    content = text("name") + b"\x00" + leb(len(text(name))) + text(name)
    wasm.load(trampoline() + section(0, content), wasi=wasm.Wasi())
    message = records.records[-1].getMessage()
    assert message.startswith("a??[31mxxx")
    assert message.endswith("x: instantiated, granted nothing")
    assert len(message) < 200


def test_a_guest_cannot_flood_the_log(
    guest: Guest, records: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    for _ in range(500):
        guest.open("../x")
    assert [record.levelname for record in records.records].count("WARNING") == 100
    assert [record.levelname for record in records.records].count("INFO") == 100
    assert guest.instance._wasi.denied == 500
    assert len(guest.instance.denials) == 101
    clock[0] += 1
    guest.open("../y")
    assert vars(records.records[-1])["pywasi"]["suppressed"] == 400


def test_the_level_is_looked_at_each_time(
    guest: Guest, sandbox: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (sandbox / "f").touch()
    logger = logging.getLogger("pywasi_native.audit")
    for level, count in ((logging.WARNING, 0), (logging.INFO, 1), (logging.WARNING, 0), (logging.DEBUG, 1)):
        with caplog.at_level(level, logger=logger.name):
            caplog.clear()
            guest.open("f")
            assert len(caplog.records) == count


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], check=False, capture_output=True, text=True,
        timeout=60, stdin=subprocess.DEVNULL, cwd=Path(__file__).parent,
    )  # fmt: skip


SETUP = """
import sys, pywasi_native as wasm
from wasi_trampoline import Guest, trampoline
instance = wasm.load(trampoline(), wasi=wasm.Wasi(dirs={"/": wasm.ro(".")}))
guest = Guest(instance.exports, instance.exports["memory"])
"""


def test_logging_is_not_imported_for_the_log() -> None:
    done = run_python(SETUP + "guest.open('../x'); print('logging' in sys.modules, len(instance.denials))")
    assert (done.stdout, done.stderr) == ("False 1\n", "")


def test_who_imports_logging_and_says_nothing_sees_nothing() -> None:
    done = run_python("import logging\n" + SETUP + "guest.open('../x')")
    assert (done.stdout, done.stderr) == ("", "")


def test_logging_that_is_imported_later_is_heard() -> None:
    code = (
        SETUP
        + "import logging; logging.basicConfig(level='INFO'); guest.open('conftest.py'); guest.open('../x')"
    )
    lines = run_python(code).stderr.splitlines()
    assert [line.split(":")[:2] for line in lines] == [
        ["INFO", "pywasi_native.audit"],
        ["INFO", "pywasi_native.audit"],
        ["WARNING", "pywasi_native.audit"],
    ]


# ---- what a run tells afterwards


def test_denials_tell_how_to_grant(guest: Guest, sandbox: Path, make_guest: Callable[..., Guest]) -> None:
    (sandbox / "f").touch()
    assert guest.open("f", 0, WRITE, dirfd=4) == "perm"
    assert guest.open("new", CREAT, READ, dirfd=4) == "perm"
    assert guest.path_unlink_file(4, *guest.path("f")) == "perm"
    assert [str(denial) for denial in guest.instance.denials] == [
        "path_open of 'f': write was not granted below '/ro'; grant it with "
        "dirs={'/ro': wasm.dir(path, write=True)}",
        "path_open of 'new': create was not granted below '/ro'; grant it with "
        "dirs={'/ro': wasm.dir(path, create=True)}",
        "path_unlink_file of 'f': delete was not granted below '/ro'; grant it with "
        "dirs={'/ro': wasm.dir(path, delete=True)}",
    ]
    appender = make_guest(dirs={"/": wasm.dir(sandbox, append=True)})
    assert appender.open("f", 0, WRITE) == "perm"
    assert isinstance(appender.open("f", 0, WRITE, flags=APPEND), int)
    assert appender.open(".", DIRECTORY, READ, dirfd=9) == "badf"
    assert [denial.access for denial in appender.instance.denials] == [("write",)]
    assert wasm.load(trampoline(), wasi=wasm.Wasi()).denials == ()
