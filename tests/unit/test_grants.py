"""Grants per package: what it asks for, what the application grants, what was approved."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

import pywasi_native as wasm
import wasm_bytes
from pywasi_native import asks, cli, grants

ASKS = """
[ask]
stdout = "progress"
"env:LANG" = "language of the messages"
"dirs:/out" = { access = ["read", "write", "create"], reason = "archives are unpacked there" }
"""
Install = Callable[..., ModuleType]


def core() -> bytes:
    """A module that prints "hi\\n" with `say`, gives the first preopen's error number with `preopen`."""
    m = wasm_bytes.Module()
    wasi = "wasi_snapshot_preview1"
    write = m.import_func(wasi, "fd_write", "i32 i32 i32 i32", "i32")
    prestat = m.import_func(wasi, "fd_prestat_get", "i32 i32", "i32")
    sizes = m.import_func(wasi, "environ_sizes_get", "i32 i32", "i32")
    m.import_func(wasi, "path_open", "i32 i32 i32 i32 i32 i64 i64 i32 i32", "i32")
    m.import_func(wasi, "environ_get", "i32 i32", "i32")
    m.func(f"i32.const 1; i32.const 0; i32.const 1; i32.const 64; call {write}", results="i32", export="say")
    m.func(f"local.get 0; i32.const 64; call {prestat}", "i32", "i32", export="preopen")
    m.func(
        f"i32.const 64; i32.const 68; call {sizes}; drop; i32.const 64; i32.load 2 0",
        results="i32",
        export="variables",
    )
    m.memory(1, export="memory")
    m.data(0, (16).to_bytes(4, "little") + (3).to_bytes(4, "little") + bytes(8) + b"hi\n")
    return m.bytes()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on sys.path; no policy but what a test says."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv(grants.ENVIRONMENT, "")
    before = set(sys.modules)
    yield folder
    for name in ("pkg_a", "pkg_b"):
        wasm.uninstall(name)
        grants.grant(name, None)
    grants.load(None)
    for name in set(sys.modules) - before:
        if name.startswith("pkg_"):
            del sys.modules[name]


@pytest.fixture
def package(site: Path) -> Install:
    """Writes and imports a package with `core` in it."""

    def make(name: str = "pkg_a", asked: str | None = None, own: str = "") -> ModuleType:
        write(site, name, asked, own)
        return importlib.import_module(f"{name}._core")

    return make


def write(site: Path, name: str, asked: str | None = None, own: str = "") -> Path:
    folder = site / name
    folder.mkdir(exist_ok=True)
    (folder / "__init__.py").write_text(f"import pywasi_native as w; w.install(__name__{own})\n")
    (folder / "_core.wasm").write_bytes(core())
    if asked is not None:
        (folder / "capabilities.toml").write_text(asked)
    return folder


def everything(folder: Path) -> wasm.Wasi:
    return wasm.Wasi(
        env={"LANG": "C", "TOKEN": "s3cret"},
        stdout=wasm.PIPE,
        stderr=wasm.PIPE,
        dirs={"/out": wasm.rw(folder), "/etc": wasm.ro(folder)},
    )


def test_who_asks_for_nothing_gets_nothing(package: Install) -> None:
    core = package()
    assert core.say() == 0  # the output goes nowhere
    assert core.preopen(3) == 8
    assert core.variables() == 0


def test_asked_but_not_granted_is_an_error_of_the_import(package: Install) -> None:
    with pytest.raises(wasm.CapabilityError) as caught:
        package(asked=ASKS)
    text = str(caught.value)
    assert text.splitlines()[0] == (
        "pkg_a wants stdout for wasi_snapshot_preview1.fd_write (progress): not granted; grant it in "
        '[tool.pywasi.grants."pkg_a"] stdout = "inherit" or in code: '
        'pywasi_native.grant("pkg_a", wasm.Wasi(stdout=wasm.INHERIT))'
    )
    assert "pkg_a wants dirs:/out (read, write, create) for wasi_snapshot_preview1.path_open" in text
    assert 'dirs={"/out": wasm.dir("...", write=True, create=True)}' in text
    assert "pkg_a wants env:LANG for wasi_snapshot_preview1.environ_get" in text
    assert isinstance(caught.value, PermissionError)
    assert (caught.value.package, caught.value.capability) == ("pkg_a", "stdout")


def test_a_grant_in_code(package: Install, tmp_path: Path) -> None:
    wasm.grant("pkg_a", everything(tmp_path))
    core = package(asked=ASKS)
    assert core.say() == 0
    assert core.__wasm__.stdout == b"hi\n"


def test_a_module_gets_no_more_than_its_package_asks_for(package: Install, tmp_path: Path) -> None:
    wasm.grant("pkg_a", everything(tmp_path))
    core = package(asked=ASKS)
    assert core.variables() == 1  # LANG, not TOKEN
    assert core.preopen(3) == 0
    assert core.preopen(4) == 8  # /etc was not asked for
    assert core.__wasm__.stderr is None


def test_without_asks_a_module_gets_what_is_granted(package: Install, tmp_path: Path) -> None:
    wasm.grant("pkg_a", everything(tmp_path))
    core = package()
    assert core.variables() == 2
    assert core.preopen(4) == 0


def test_too_little_access_is_an_error(package: Install, tmp_path: Path) -> None:
    wasm.grant("pkg_a", everything(tmp_path).replace(dirs={"/out/": wasm.ro(tmp_path)}))
    with pytest.raises(wasm.CapabilityError, match=r"wants dirs:/out \(write, create\) for "):
        package(asked=ASKS)


def test_what_is_optional_may_be_missing(package: Install) -> None:
    core = package(asked='[ask]\nstdout = { reason = "progress", optional = true }\n')
    assert core.say() == 0


def test_a_grant_for_the_outer_package_counts_for_the_inner_one(site: Path, tmp_path: Path) -> None:
    write(site, "pkg_a")
    inner = write(site, "pkg_a/inner", ASKS)
    (inner / "__init__.py").write_text("")
    wasm.grant("pkg_a", everything(tmp_path))
    assert importlib.import_module("pkg_a.inner._core").preopen(3) == 0


def test_the_word_of_the_application_counts_before_that_of_the_package(
    package: Install, tmp_path: Path
) -> None:
    core = package(own=", wasi=w.Wasi(env={'A': '1', 'B': '2', 'C': '3'})")
    assert core.variables() == 3
    wasm.grant("pkg_b", wasm.Wasi())
    assert package("pkg_b", own=", wasi=w.Wasi(env={'A': '1'})").variables() == 0


def test_packages_see_neither_memory_nor_directories_of_each_other(package: Install, tmp_path: Path) -> None:
    wasm.grant("pkg_a", everything(tmp_path))
    first, second = package("pkg_a"), package("pkg_b")
    assert (first.preopen(3), second.preopen(3)) == (0, 8)
    first.memory[100] = 7
    assert second.memory[100] == 0
    assert first.__wasm__.store is not second.__wasm__.store


def test_a_grant_needs_a_name_and_a_wasi() -> None:
    with pytest.raises(ValueError, match="is no name of a package"):
        wasm.grant("a-b", wasm.Wasi())
    with pytest.raises(TypeError, match="not a dict"):
        wasm.grant("pkg_a", {})  # type: ignore[arg-type]


def test_asks_from_a_zip(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(site, "pkg_a", ASKS)
    archive = tmp_path / "bundle.zip"
    with zipfile.ZipFile(archive, "w") as bundle:
        for file in folder.iterdir():
            bundle.write(file, f"pkg_b/{file.name}")
    monkeypatch.syspath_prepend(str(archive))
    with pytest.raises(wasm.CapabilityError, match="pkg_b wants stdout"):
        importlib.import_module("pkg_b._core")


# ---- capabilities.toml


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[ask", "Expected"),
        ("[aks]\na = 1", r"one table, \[ask\]; aks"),
        ("ask = 3", r"one table, \[ask\]"),
        ('[ask]\nstdot = "x"', "stdot is no capability; did you mean 'stdout'"),
        ('[ask]\n"env:" = "x"', "env: is no capability"),
        ('[ask]\nenv = "x"', "env is no capability"),
        ('[ask]\nstdout = " "', "stdout has no reason"),
        ("[ask]\nstdout = 3", "stdout is a reason, or a table"),
        ('[ask]\nstdout = { reason = "x", more = 1 }', "stdout is a reason, or a table"),
        ('[ask]\nstdout = { reason = "x", access = ["read"] }', "only directories"),
        ('[ask]\nstdout = { reason = "x", optional = 1 }', "optional is true or false"),
        ('[ask]\n"dirs:/a" = { reason = "x", access = ["execute"] }', "access is a list of read, write"),
        ('[ask]\n"dirs:/a" = { reason = "x", access = [] }', "access is a list of read, write"),
        ("[ask]\n\xff = 1", "place"),
        ('[ask]\nstdout = "\\u001b[2J"', "the reason is for people to read"),
        (f'[ask]\nstdout = "{"x" * 501}"', "the reason is for people to read"),
        ('[ask]\n"dirs:/a\\n" = "x"', r"'dirs:/a\\n' is no capability"),
        (f'[ask]\n"dirs:/{"a" * 500}" = "x"', "is no capability"),
    ],
)
def test_bad_asks_are_clear_errors(package: Install, text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as caught:
        asks.parse(text.encode("latin-1"), "place")
    assert str(caught.value).startswith("place: ")
    with pytest.raises(ValueError, match=r"capabilities\.toml: "):
        package(asked=text)


def test_asks_are_read() -> None:
    found = asks.parse(ASKS.encode(), "place")
    assert [str(ask) for ask in found] == ["stdout", "env:LANG", "dirs:/out (read, write, create)"]
    assert found[2].reason == "archives are unpacked there"


# ---- the policy file

POLICY = """
[tool.pywasi.grants."pkg_a"]
args = ["prog", "-v"]
env = { LANG = "C" }
stdin = "in.txt"
stdout = "inherit"
dirs = { "/in" = "data", "/out" = { path = "out", access = ["read", "write", "create"] } }
clock = 5
random = 6
"""


def test_a_policy_file(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(POLICY)
    policy = grants.read_policy(str(tmp_path / "p.toml"))
    assert policy.grants["pkg_a"] == wasm.Wasi(
        args=["prog", "-v"],
        env={"LANG": "C"},
        stdin=str(tmp_path / "in.txt"),
        stdout=wasm.INHERIT,
        dirs={
            "/in": wasm.ro(str(tmp_path / "data")),
            "/out": wasm.dir(str(tmp_path / "out"), write=True, create=True),
        },
        clock=wasm.fixed_clock(5),
        random=wasm.seeded(6),
    )


def test_a_policy_grants_memory(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text('[tool.pywasi.grants.x]\ndirs = { "/tmp" = { mem = "1MiB" } }\n')
    grant = grants.read_policy(str(tmp_path / "p.toml")).grants["x"].dirs["/tmp"]
    assert grant.tree is not None
    assert (grant.tree.size, grant.access) == (1 << 20, ("read", "write", "create", "delete"))


def test_a_policy_copies_variables_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYWASI_TEST_A", "1")
    (tmp_path / "p.toml").write_text('[tool.pywasi.grants.x]\nenv = ["PYWASI_TEST_A", "PYWASI_TEST_B"]\n')
    assert grants.read_policy(str(tmp_path / "p.toml")).grants["x"].env == {"PYWASI_TEST_A": "1"}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("argv = []", "argv: nothing of this name can be granted here; did you mean 'args'"),
        ('args = "x"', "args: a list of strings"),
        ("env = 3", "env: a table of strings"),
        ("stdin = 3", "stdin: a path is expected"),
        ("dirs = 3", "dirs: a table of guest paths"),
        ('dirs = { "/a" = 3 }', 'dirs."/a": a path'),
        ('dirs = { "/a" = { path = "x", acess = [] } }', 'dirs."/a": a path'),
        ('dirs = { "/a" = { path = "x", access = ["all"] } }', "access is a list of read"),
        ('dirs = { "/a" = { path = "x", mem = 5 } }', 'dirs."/a": a path'),
        ('dirs = { "/a" = { mem = "big" } }', "dirs.\"/a\": size: 'big' has no known unit"),
        ('dirs = { "/a" = { mem = [] } }', 'dirs."/a": size must be an int'),
        ("clock = true", 'clock: a number or "system"'),
    ],
)
def test_bad_policies_are_clear_errors(tmp_path: Path, line: str, problem: str) -> None:
    (tmp_path / "p.toml").write_text(f"[tool.pywasi.grants.x]\n{line}\n")
    with pytest.raises(ValueError, match=problem.replace("[", r"\[")) as caught:
        grants.read_policy(str(tmp_path / "p.toml"))
    assert f'{tmp_path / "p.toml"}: grants."x".' in str(caught.value)


def test_a_policy_is_for_names_that_can_be_imported(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text('[tool.pywasi.grants."my-package"]\n')
    with pytest.raises(ValueError, match=r"p\.toml: 'my-package' is no name that can be imported"):
        grants.read_policy(str(tmp_path / "p.toml"))


def test_the_environment_names_the_policy(
    package: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "p.toml").write_text('[tool.pywasi.grants.pkg_a]\nenv = { A = "1" }\n')
    monkeypatch.setenv(grants.ENVIRONMENT, str(tmp_path / "p.toml"))
    assert package().variables() == 1
    monkeypatch.setenv(grants.ENVIRONMENT, str(tmp_path / "absent.toml"))
    with pytest.raises(FileNotFoundError):  # an operator's word that cannot be read is not "no policy"
        package("pkg_b")


def test_a_policy_can_be_loaded(package: Install, tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text('[tool.pywasi.grants.pkg_a]\nenv = { A = "1" }\n')
    grants.load(tmp_path / "p.toml")
    assert package().variables() == 1


APPLICATION = """
import sys
sys.path.insert(0, {site!r})
import pkg_a._core
print(pkg_a._core.variables())
"""


@pytest.mark.parametrize(
    ("words", "env", "found"),
    [
        (["app.py"], {}, "1"),
        (["-P", "app.py"], {}, "0"),
        (["app.py"], {"PYWASI_POLICY": ""}, "0"),
        (["elsewhere/app.py"], {}, "0"),
        (["-m", "app"], {}, "1"),
        (["-m", "tool"], {}, "1"),
        (["-c", "import runpy; runpy.run_path('app.py')"], {}, "0"),
    ],
)
def test_the_policy_is_looked_for_beside_the_script_only(
    site: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    env: dict[str, str],
    found: str,
) -> None:
    from test_import_hook import run_script

    monkeypatch.delenv(grants.ENVIRONMENT)
    write(site, "pkg_a")
    (tmp_path / "pyproject.toml").write_text('[tool.pywasi.grants.pkg_a]\nenv = { A = "1" }\n')
    for name in ("app.py", "elsewhere/app.py", "tool/__main__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(APPLICATION.format(site=str(site)))
    done = run_script(*words, cwd=tmp_path, env=env)
    assert (done.stdout.strip(), done.stderr) == (found, "")


def test_a_project_file_without_a_word_for_us_costs_nothing(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from test_import_hook import run_script

    monkeypatch.delenv(grants.ENVIRONMENT)
    write(site, "pkg_a")
    (tmp_path / "pyproject.toml").write_text("[tool.other]\n")
    (tmp_path / "app.py").write_text(APPLICATION.format(site=str(site)) + "print('tomllib' in sys.modules)\n")
    assert run_script("app.py", cwd=tmp_path).stdout.split() == ["0", "False"]


# ---- the lock file and the command line


@pytest.fixture
def application(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a policy that grants `pkg_a` what ASKS asks for, and more."""
    folder = tmp_path / "app"
    (folder / "out").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(
        '[tool.pywasi.grants.pkg_a]\nstdout = "inherit"\nenv = { LANG = "C", TOKEN = "t" }\n'
        'dirs."/out" = { path = "out", access = ["read", "write", "create", "delete"] }\n'
        'dirs."/etc" = "out"\n'
    )
    monkeypatch.setenv(grants.ENVIRONMENT, str(folder / "pyproject.toml"))
    write(site, "pkg_a", ASKS)
    return folder


def lock_of(folder: Path) -> dict[str, dict[str, dict[str, object]]]:
    found: dict[str, dict[str, dict[str, object]]] = json.loads((folder / "pywasi.lock").read_text())[
        "packages"
    ]
    return found


def test_lock_writes_what_packages_ask_for(
    application: Path, package: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["lock"]) == 0
    assert lock_of(application)["pkg_a"]["asks"] == {
        "dirs:/out": ["read", "write", "create"],
        "env:LANG": [],
        "stdout": [],
    }
    assert "pkg_a: approved: env:LANG: 'language of the messages'" in capsys.readouterr().out
    assert package(asked=ASKS).preopen(3) == 0


UPDATE = ASKS.replace('"create"]', '"create", "delete"]') + '"env:TOKEN" = "telemetry"\n'


def test_an_update_that_asks_for_more_fails_until_it_is_approved(
    application: Path, package: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["lock"]) == 0
    with pytest.raises(wasm.CapabilityError) as caught:
        package(asked=UPDATE)
    assert "env:TOKEN (telemetry)" in str(caught.value)
    assert "dirs:/out (read, write, create, delete)" in str(caught.value)
    assert "pywasi approve pkg_a" in str(caught.value)
    assert cli.main(["lock"]) == 1
    assert "not approved: env:TOKEN" in capsys.readouterr().out
    assert "env:TOKEN" not in lock_of(application)["pkg_a"]["asks"]
    assert cli.main(["approve", "pkg_a"]) == 0
    assert package(asked=UPDATE).variables() == 2


def test_an_update_that_asks_for_less_is_fine(application: Path, package: Install) -> None:
    assert cli.main(["lock"]) == 0
    assert package(asked='[ask]\nstdout = "progress"\n').variables() == 0


def test_with_a_lock_a_new_package_needs_approval(application: Path, package: Install) -> None:
    assert cli.main(["lock"]) == 0
    wasm.grant("pkg_b", everything(application))
    with pytest.raises(wasm.CapabilityError, match="pkg_b asks for more"):
        package("pkg_b", ASKS)


def test_an_update_cannot_get_more_by_not_asking(application: Path, site: Path, package: Install) -> None:
    assert cli.main(["lock"]) == 0
    (site / "pkg_a" / "capabilities.toml").unlink()
    core = package()
    assert core.variables() == 1  # TOKEN is granted, but was never asked for
    assert (core.preopen(3), core.preopen(4)) == (0, 8)


def test_a_locked_package_that_does_not_say_what_it_asks_for_keeps_its_grant(
    application: Path, site: Path, package: Install
) -> None:
    (site / "pkg_a" / "capabilities.toml").unlink()
    assert cli.main(["lock"]) == 0
    assert lock_of(application)["pkg_a"]["asks"] is None
    assert package().preopen(4) == 0
    with pytest.raises(wasm.CapabilityError, match="asks for more"):
        grants.decide(
            "pkg_a._core",
            wasm.compile(core()),
            str(site / "pkg_a" / "_core.wasm"),
            lambda _path: ASKS.encode(),
            None,
        )


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 2}', '{"version": 1, "packages": {"a": 3}}'])
def test_a_damaged_lock_grants_nothing(application: Path, package: Install, text: str) -> None:
    (application / "pywasi.lock").write_text(text)
    with pytest.raises(ValueError, match=r"pywasi\.lock: "):
        package(asked=ASKS)


def test_audit_shows_what_is_wanted_asked_and_granted(
    application: Path, site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["audit", "pkg_a", "--check"]) == 0
    shown = capsys.readouterr().out
    assert f"policy: {application / 'pyproject.toml'}" in shown
    assert "pkg_a: " in shown
    assert "env: wasi_snapshot_preview1.environ_sizes_get, wasi_snapshot_preview1.environ_get" in shown
    assert "dirs:/out (read, write, create): 'archives are unpacked there' [granted]" in shown
    assert "env=<LANG, TOKEN>" in shown
    write(site, "pkg_b", ASKS)
    assert cli.main(["audit", "pkg_b"]) == 0
    assert "stdout: 'progress' [not granted: stdout]" in capsys.readouterr().out
    assert cli.main(["audit", "--check", "pkg_b"]) == 1


def test_audit_of_a_folder_a_wheel_and_a_file(
    application: Path, site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = tmp_path / "pkg_a-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for file in (site / "pkg_a").iterdir():
            archive.write(file, f"pkg_a/{file.name}")
    project = tmp_path / "project"
    shutil.copytree(site / "pkg_a", project / "src" / "pkg_a")
    for target in (project, site, site / "pkg_a", site / "pkg_a" / "_core.wasm", wheel):
        assert cli.main(["audit", "--json", str(target)]) == 0
        (told,) = json.loads(capsys.readouterr().out)["modules"]
        assert told["package"] == "pkg_a", target
        assert [ask["granted"] for ask in told["asks"]] == [True, True, True]
        assert told["imports"][0] == {
            "module": "wasi_snapshot_preview1",
            "name": "fd_write",
            "type": "(func (param i32 i32 i32 i32) (result i32))",
            "needs": "fds",
        }


def test_audit_tells_a_changed_module(
    application: Path, site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["lock"]) == 0
    assert cli.main(["audit", "pkg_a"]) == 0
    assert "another file" not in capsys.readouterr().out
    (site / "pkg_a" / "_core.wasm").write_bytes(core() + wasm_bytes.section(0, wasm_bytes.name("x")))
    assert cli.main(["audit", "pkg_a"]) == 0
    assert "another file than the one in pywasi.lock" in capsys.readouterr().out


def test_audit_names_the_file_that_is_no_module(
    application: Path, site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "pkg_a" / "_core.wasm").write_bytes(b"\0asm")
    assert cli.main(["audit", "pkg_a"]) == 1
    assert f"pywasi: {site / 'pkg_a' / '_core.wasm'}: " in capsys.readouterr().err


@pytest.mark.parametrize("target", ["pkg_absent", "no/such/file.wasm", "not a name"])
def test_audit_of_nothing_is_an_error(
    application: Path, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["audit", target]) == 1
    assert target in capsys.readouterr().err
