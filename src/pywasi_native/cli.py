"""The command line: ``pywasi`` and ``python -m pywasi_native``."""

from __future__ import annotations

import argparse
import os
import sys

import pywasi_native as wasm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

EXIT_ERROR, EXIT_USAGE, EXIT_TIMEOUT, EXIT_INTERRUPT, EXIT_TRAP = 1, 2, 124, 130, 134
VERBS = (
    "run",
    "inspect",
    "validate",
    "objdump",
    "stubs",
    "audit",
    "lock",
    "approve",
    "build",
    "new",
    "doctor",
)

_EPILOG = """\
examples:
  pywasi run tool.wasm -x file.txt             what follows FILE belongs to the program
  pywasi run --dir . tool.wasm file.txt        it may read and write the current directory
  pywasi run --dir data::/in:ro tool.wasm      it may read ./data, which it sees as /in
  pywasi run --invoke add math.wasm 2 3        calls an export of a library and prints the result
  pywasi inspect tool.wasm                     what it imports, and which grant each import needs

A program gets the standard streams of this one and its arguments. Files, directories, and variables of the
environment it gets only by --dir and --env. The exit code is that of the program; 134 after a trap, 124 after
--timeout, 130 after Ctrl-C, 2 for a wrong command line, 1 for other errors.
"""


class CommandError(Exception):
    """An error for one line, with advice for a second one."""

    def __init__(self, message: str, advice: str = "", code: int = EXIT_ERROR) -> None:
        super().__init__(message)
        self.advice, self.code = advice, code


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise CommandError(message, f"{self.prog} --help", EXIT_USAGE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; gives the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _dispatch(words)
    except CommandError as error:
        return _complain(error, error.advice, error.code)
    except wasm.Timeout:
        return _complain(
            "the program was ended: its time is over", "give it more with --timeout", EXIT_TIMEOUT
        )
    except wasm.Trap as trap:
        notes = [*getattr(trap, "__notes__", ())]
        if isinstance(trap, wasm.OutOfFuel):
            notes = ["give it more with --fuel"]
        return _complain(
            f"trap: {trap}",
            "; ".join(notes),
            EXIT_TRAP,
            [str(frame) for frame in reversed(trap.frames[-20:])],
        )
    except (wasm.WasmError, ValueError, TypeError, MemoryError) as problem:
        return _complain(problem, _advice(problem), EXIT_ERROR)
    except BrokenPipeError:
        # Whoever read our output has gone; Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_ERROR
    except OSError as problem:
        name = f"{problem.filename}: " if problem.filename else ""
        return _complain(f"{name}{problem.strerror or problem}", "", EXIT_ERROR)
    except KeyboardInterrupt:
        return EXIT_INTERRUPT


def _dispatch(words: list[str]) -> int:
    if words and words[0] not in VERBS and not words[0].startswith("-"):
        words.insert(0, "run")
    options = _parser().parse_args(words)
    if options.verb is None:
        raise CommandError("no command and no file", "pywasi --help", EXIT_USAGE)
    if options.verb == "run":
        return _run(options)
    if options.verb in ("audit", "lock", "approve"):
        from . import cli_audit

        return cli_audit.command(options)
    if options.verb in ("build", "new"):
        from . import cli_build

        return cli_build.command(options)
    from . import cli_inspect

    return cli_inspect.command(options)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="pywasi", description="Run and inspect WebAssembly modules. `run` is the default command.",
        epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--version", action="version", version=f"pywasi-native {wasm.__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="COMMAND", parser_class=_Parser)
    run = verbs.add_parser(
        "run", help="run a WASI program", description="Runs a WASI program, or with --invoke one function.",
        epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    run.add_argument(
        "--dir", action="append", default=[], metavar="HOST[::GUEST][:ro]",
        help="grant a directory, by default under its own name, to read and write; :ro to read only",
    )  # fmt: skip
    run.add_argument(
        "--env",
        action="append",
        default=[],
        metavar="K=V",
        help="set an environment variable; K alone copies it",
    )
    run.add_argument("--invoke", metavar="F", help="call this export with ARGS and print the result")
    run.add_argument(
        "--fuel", type=int, metavar="N", help="fuel that it may use, about one unit an instruction"
    )
    run.add_argument("--memory", metavar="SIZE", help="most memory, such as 64MiB")
    run.add_argument("--timeout", type=float, metavar="S", help="most seconds")
    run.add_argument("file", metavar="FILE")
    run.add_argument("args", nargs=argparse.REMAINDER, metavar="ARGS")
    inspect = verbs.add_parser(
        "inspect", help="show sections, imports, exports, producers and features of a module"
    )
    inspect.add_argument("--json", action="store_true", help="as JSON")
    inspect.add_argument("file", metavar="FILE")
    validate = verbs.add_parser("validate", help="check modules; silent when all are valid")
    validate.add_argument("files", nargs="+", metavar="FILE")
    objdump = verbs.add_parser("objdump", help="disassemble a module")
    objdump.add_argument("file", metavar="FILE")
    stubs = verbs.add_parser("stubs", help="write the type stub (.pyi) of a module")
    stubs.add_argument("file", metavar="FILE")
    stubs.add_argument(
        "-o", dest="output", metavar="OUT.pyi", help="where to; by default beside the module, - for stdout"
    )
    stubs.add_argument(
        "--header", metavar="FILE.h", help="a C header: names of parameters and docstrings come from it"
    )
    stubs.add_argument(
        "--typed",
        action="store_true",
        help="what pywasi_native.typed.bind makes of the header, not the exports",
    )
    _add_grant_verbs(verbs)
    _add_build_verbs(verbs)
    verbs.add_parser("doctor", help="say what this installation is and whether it works")
    return parser


def _add_grant_verbs(verbs: argparse._SubParsersAction[_Parser]) -> None:
    audit = verbs.add_parser("audit", help="show what modules of a package want, ask for, and are granted")
    audit.add_argument("--json", action="store_true", help="as JSON")
    audit.add_argument("--check", action="store_true", help="exit code 1 if its import would be refused")
    audit.add_argument(
        "package", metavar="PACKAGE", help="an installed package, a folder, a wheel, or a .wasm file"
    )
    lock = verbs.add_parser("lock", help="write pywasi.lock: what packages ask for today")
    lock.add_argument("packages", nargs="*", metavar="PACKAGE", help="by default those of the policy")
    approve = verbs.add_parser("approve", help="put what packages ask for now into pywasi.lock")
    approve.add_argument("packages", nargs="+", metavar="PACKAGE")
    for verb in (audit, lock, approve):
        verb.add_argument(
            "--policy",
            metavar="FILE",
            help="the application's policy; by default PYWASI_POLICY, else ./pyproject.toml",
        )


def _add_build_verbs(verbs: argparse._SubParsersAction[_Parser]) -> None:
    build = verbs.add_parser(
        "build", help="compile a package's C, C++ or Zig to a module, with its Python shim and stub",
        description="Does what [tool.pywasi] in pyproject.toml says. It needs pywasi-native[build].",
    )  # fmt: skip
    build.add_argument("--check", action="store_true", help="write nothing; exit code 1 if a file is stale")
    build.add_argument(
        "--debug", action="store_true", help="keep DWARF in the module: traps name source lines"
    )
    build.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")
    build.add_argument(
        "folder", nargs="?", default=".", metavar="FOLDER", help="of pyproject.toml; default ."
    )
    new = verbs.add_parser("new", help="lay out a package in C that builds to WebAssembly")
    new.add_argument("--backend", default="hatchling", help="hatchling, setuptools or scikit-build-core")
    new.add_argument("--name", help="of the distribution; by default that of the folder")
    new.add_argument("folder", metavar="FOLDER", help="a folder that is not there yet")


def _run(options: argparse.Namespace) -> int:
    limits = wasm.Limits(
        fuel=options.fuel, timeout=options.timeout, **({"memory": options.memory} if options.memory else {})
    )
    wasi = wasm.Wasi(
        args=[options.file, *options.args],
        env=dict(_variable(item) for item in options.env),
        stdin=wasm.INHERIT, stdout=wasm.INHERIT, stderr=wasm.INHERIT,
        dirs=dict(_grant(item) for item in options.dir),
    )  # fmt: skip
    module = wasm.compile(options.file)
    if options.invoke is not None:
        return _invoke(module, options, wasi, limits)
    if not any(export.name == "_start" for export in module.exports):
        names = [export.name for export in module.exports if isinstance(export.type, wasm.FuncType)][:8]
        advice = f"call one of its functions: --invoke {' | '.join(names)}" if names else ""
        raise CommandError(f"{options.file} has no _start: it is a library", advice)
    done = wasm.run(module, wasi=wasi, limits=limits)
    if done.returncode and done.denied:
        _complain(
            f"the program asked for more than it has: {done.denied.partition(';')[0]}", _grant_advice(), 0
        )
    # The system keeps 8 bits of it; a failure must not look like success.
    return done.returncode & 0xFF or (1 if done.returncode else 0)


def _grant_advice() -> str:
    return "grant a directory with --dir HOST[::GUEST][:ro]"


def _invoke(module: wasm.Module, options: argparse.Namespace, wasi: wasm.Wasi, limits: wasm.Limits) -> int:
    uses_wasi = any(item.module.startswith("wasi_") for item in module.imports)
    instance = module.instantiate(wasi=wasi if uses_wasi else None, limits=limits)
    try:
        function = instance[options.invoke]
    except KeyError as error:
        raise CommandError(str(error.args[0]), f"pywasi inspect {options.file}") from None
    if not isinstance(function, wasm.Func):
        raise CommandError(f"{options.invoke} is no function but {function.type}")
    params = function.type.params
    if len(params) != len(options.args):
        raise CommandError(
            f"{options.invoke} is {function.type}: {len(options.args)} arguments given", "", EXIT_USAGE
        )
    try:
        result = function(*(_value(text, kind) for text, kind in zip(options.args, params, strict=True)))
    except wasm.WasiExit as stop:
        return stop.code & 0xFF or (1 if stop.code else 0)
    results = len(function.type.results)
    for value in result if results > 1 else (result,) if results else ():
        print("null" if value is None else value.hex() if isinstance(value, bytes) else value)
    return 0


def _value(text: str, kind: str) -> object:
    try:
        if kind in ("i32", "i64"):
            return int(text, 0)
        if kind in ("f32", "f64"):
            return float.fromhex(text) if "0x" in text.lower() else float(text)
        if kind == "v128":
            return int(text, 0)
    except ValueError:
        raise CommandError(f"{text!r} is no {kind}", "", EXIT_USAGE) from None
    if text == "null":
        return None
    raise CommandError(f"an argument of type {kind} can only be null on the command line", "", EXIT_USAGE)


def _grant(item: str) -> tuple[str, wasm.Grant]:
    """HOST[::GUEST][:ro]"""
    read_only = item.endswith(":ro")
    host, separator, guest = item.removesuffix(":ro").partition("::")
    if not host or (separator and not guest):
        raise CommandError(f"--dir {item}: not of the form HOST[::GUEST][:ro]", "", EXIT_USAGE)
    if not os.path.isdir(host):  # noqa: PTH112
        raise CommandError(f"--dir {item}: {host} is no directory")
    return guest or host, (wasm.ro if read_only else wasm.rw)(host)


def _variable(item: str) -> tuple[str, str]:
    name, separator, value = item.partition("=")
    if not name:
        raise CommandError(f"--env {item}: not of the form K=V", "", EXIT_USAGE)
    if separator:
        return name, value
    if name not in os.environ:
        raise CommandError(
            f"--env {name}: this environment has no such variable", f"--env {name}=VALUE sets one"
        )
    return name, os.environ[name]


def _advice(problem: Exception) -> str:
    if isinstance(problem, wasm.LinkError):
        return "pywasi run gives WASI only; a module with other imports is for wasm.load(file, imports={...})"
    if "wasm.Limits(memory=" in str(problem):
        return "give it more with --memory"
    return ""


def _complain(problem: object, advice: str, code: int, more: Sequence[str] = ()) -> int:
    if sys.stderr is None:  # closed; print would take the other stream
        return code
    text = str(problem)
    print(f"pywasi: {text}", file=sys.stderr)
    for line in more:
        print(f"  at {line}", file=sys.stderr)
    if advice:
        print(f"help: {advice}", file=sys.stderr)
    return code
