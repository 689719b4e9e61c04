"""What user code looks like to a type checker; test_typing.py compares it with the comments."""
# ruff: noqa: F821

import pywasi_native as wasm

m = wasm.load(
    "x.wasm", {"env": {"log": print}}, wasi=wasm.Wasi(stdout=wasm.PIPE), limits=wasm.Limits(memory="1MiB")
)
reveal_type(m)  # pywasi_native.instance.Instance
reveal_type(m.fib(20))  # Any
reveal_type(m["fib"])  # Any
reveal_type(m.exports)  # pywasi_native.instance.Exports
reveal_type(m.stdout)  # bytes | None

module = wasm.compile(b"")
reveal_type(module.imports)  # tuple[pywasi_native.extern_types.ImportType, ...]
reveal_type(module.exports[0].name)  # str
reveal_type(module.instantiate())  # pywasi_native.instance.Instance

memory = wasm.Memory(wasm.MemoryType(1, 2))
reveal_type(memory[0])  # int
reveal_type(memory[0:4])  # bytes
reveal_type(memory.read(0, 4))  # bytes
reveal_type(memoryview(memory))  # memoryview[int]
memory[0:2] = b"ab"
memory[0] = "a"  # error: call-overload

f = wasm.Func(wasm.FuncType(["i32"], ["i32"]), abs)
reveal_type(f(1))  # Any
reveal_type(f.type.params)  # tuple[str, ...]
f(x=1)  # error: call-arg

g = wasm.Global("i32", 1)
reveal_type(g.type.mutable)  # bool
t = wasm.Table(wasm.TableType("funcref", 1))
reveal_type(len(t))  # int

done = wasm.run("x.wasm", ["-v"], dirs={".": wasm.ro(".")}, capture_output=True)
reveal_type(done.returncode)  # int
wasm.run("x.wasm", dirs={".": "."})  # error: dict-item
wasi = wasm.Wasi(env={"A": "1"}, dirs={"/": wasm.dir(".", append=True)})
reveal_type(wasi.without("env:A") & wasi)  # pywasi_native.wasi.Wasi
wasi & {}  # error: operator
wasm.dir(".", execute=True)  # error: call-arg
reveal_type(done.denials)  # tuple[pywasi_native.audit.Denial, ...]
reveal_type(done.denied)  # str | None
reveal_type(m.denials[0].access)  # tuple[str, ...]
wasm.grant("pkg", wasi)
wasm.grant("pkg", {})  # error: arg-type
wasm.Limits(memory=1.5)  # error: arg-type
wasm.Limits(timeout=1)

try:
    m.run()
except wasm.Timeout as error:
    reveal_type(error.kind)  # pywasi_native.trap_kinds.TrapKind
    reveal_type(error.frames)  # tuple[pywasi_native.errors.Frame, ...]
except wasm.WasiExit as stop:
    reveal_type(stop.code)  # int
except wasm.CapabilityError as lack:
    reveal_type(lack.capability)  # str | None

tag = wasm.Tag(["i32"])
reveal_type(tag.type.params)  # tuple[str, ...]
try:
    raise wasm.WasmException(tag, [1])
except wasm.WasmException as thrown:
    reveal_type(thrown.tag)  # pywasi_native._native.Tag | None
    reveal_type(thrown.args_)  # tuple[Any, ...]
wasm.WasmException("text")  # error: arg-type

wasm.install(__name__)
wasm.install(3)  # error: arg-type
