"""The commands that look at modules: inspect, validate, objdump, stubs, doctor."""

from __future__ import annotations

import os
import platform
import sys

import pywasi_native as wasm

from . import inspection

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

# (module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))
_ADD = bytes.fromhex("0061736d0100000001070160027f7f017f030201000707010361646400000a09010700200020016a0b")


def command(options: argparse.Namespace) -> int:
    """Runs the command that the options name; gives the exit code."""
    if options.verb == "inspect":
        return _inspect(options.file, options.json)
    if options.verb == "validate":
        return _validate(options.files)
    if options.verb == "objdump":
        for line in inspection.disassembly(wasm.compile(options.file)):
            print(line)
        return 0
    if options.verb == "stubs":
        return _stubs(options)
    return _doctor()


def _inspect(file: str, as_json: bool) -> int:
    facts = inspection.describe(wasm.compile(file))
    if as_json:
        import json

        print(json.dumps(facts, indent=2))
        return 0
    name = inspection.printable(f" {facts['name']}") if facts["name"] else ""
    print(f"{file}:{name} {facts['kind']}, {facts['size']} bytes")
    print("\nsections")
    for entry in facts["sections"]:
        what = inspection.printable(f"{entry['kind']} {entry.get('name', '')}".strip())
        count = f", {entry['count']} entries" if entry.get("count") else ""
        print(f"  {entry['offset']:#08x}  {what}: {entry['size']} bytes{count}")
    print(f"\nimports{'' if facts['imports'] else ': none'}")
    for entry in facts["imports"]:
        needs = inspection.explain(entry["needs"])
        missing = " (not there in this version)" if entry.get("implemented") is False else ""
        name = inspection.printable(f"{entry['module']}.{entry['name']}")
        print(f"  {name} {entry['type']}  needs: {needs}{missing}")
    print(f"\nexports{'' if facts['exports'] else ': none'}")
    for entry in facts["exports"]:
        print(f"  {inspection.printable(entry['name'])} {entry['type']}")
    if facts["producers"]:
        print("\nproducers")
        for field, tools in facts["producers"].items():
            print(inspection.printable(f"  {field}: {', '.join(tools)}"))
    print(f"\nfeatures: {', '.join(facts['features']) or 'none beyond 1.0'}")
    return 0


def _validate(files: list[str]) -> int:
    failed = 0
    for file in files:
        try:
            wasm.validate(file)
        except (wasm.WasmError, OSError) as problem:
            text = problem.strerror if isinstance(problem, OSError) else str(problem)
            print(f"{file}: {text}", file=sys.stderr)
            failed = 1
    return failed


def _stubs(options: argparse.Namespace) -> int:
    from .stubgen import stub, typed_stub

    file, output, header = options.file, options.output, None
    if options.header:
        from .typed import parse_header

        with open(options.header, encoding="utf-8") as source:  # noqa: PTH123
            header = parse_header(source.read(), os.path.basename(options.header))  # noqa: PTH119
    elif options.typed:
        raise ValueError("--typed needs --header FILE.h")
    module, name = wasm.compile(file), os.path.basename(file)  # noqa: PTH119
    text = typed_stub(module, name, header) if options.typed and header else stub(module, name, header=header)
    if output == "-":
        print(text, end="")
        return 0
    path = output or f"{file.removesuffix('.wasm')}.pyi"
    with open(path, "w", encoding="utf-8") as out:  # noqa: PTH123
        out.write(text)
    return 0


def _doctor() -> int:
    from .engine import features, shell

    supported = [name for name, there in features().items() if there]
    missing = [name for name, there in features().items() if not there]
    gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    build = (
        f"{platform.python_implementation()} {platform.python_version()}{'' if gil else ', free-threaded'}"
    )
    print(f"pywasi-native {wasm.__version__} at {os.path.dirname(wasm.__file__)}")  # noqa: PTH120
    print(f"python        {build} at {sys.executable}")
    print(f"platform      {platform.platform()} {platform.machine()}")
    print(f"engine        interpreter, {shell()} shell")
    print(f"features      {', '.join(supported)}")
    print(f"not yet       {', '.join(missing)}")
    for name in ("PYWASI_IMPORT", "PYWASI_POLICY", "PYWASI_TIER", "PYWASI_SHELL"):
        if name in os.environ:
            print(f"environment   {name}={os.environ[name]}")
    answer = wasm.load(_ADD).add(40, 2)
    print(f"self-test     {'works' if answer == 42 else f'FAILED: 40 + 2 = {answer}'}")
    return 0 if answer == 42 else 1
