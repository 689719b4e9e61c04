"""The check of the handlers' machine code (.ci/handlers.py) sees what it is there for."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

import locate

GOOD = "000010 <pwi_h_%s>:\n   10:\tmovzwl 0x8(%%r12),%%eax\n   15:\tjmp    *%%rax\n"


@pytest.fixture(scope="module")
def check() -> ModuleType:
    spec = importlib.util.spec_from_file_location("handlers", locate.ROOT / ".ci" / "handlers.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tail(*more: str) -> str:
    return "".join(GOOD % f"op_{i}" for i in range(1001)) + "".join(more)


@pytest.mark.parametrize(
    "code", ["push   %rbp", "mov    %rcx,(%rsp)", "movaps %xmm3,-0x18(%rsp)", "pop    %rbx"]
)
def test_tail(check: ModuleType, code: str) -> None:
    assert check.tail_problems(tail()) == []
    assert check.tail_problems(tail(f"000 <pwi_h_i32_add_SSA>:\n  1:\t{code}\n")) == [
        f"tail: i32_add_SSA: {code}"
    ]
    for slow in ("memory_fill", "struct_make", "f32x4_floor", "throw"):
        assert (
            check.tail_problems(tail(f"000 <pwi_h_{slow}>:\n  1:\t{code}\n", "001 <pwi_other>:\n  1:\tpop\n"))
            == []
        )


def test_tail_without_handlers(check: ModuleType) -> None:
    assert check.tail_problems("000 <handler_1>:\n  1:\tjmp *%rax\n")


def test_goto(check: ModuleType) -> None:
    jumps, spills = "  1:\tjmp    *(%rbx)\n" * 100, "  1:\tmovsd  %xmm0,0x10(%rsp)\n"
    assert check.goto_problems(jumps + spills * 10, 100) == []
    assert "10 accesses" not in "".join(check.goto_problems(jumps + spills * 10, 100))
    assert len(check.goto_problems(jumps + spills * 11, 100)) == 1
    assert len(check.goto_problems(jumps, 101)) == 1


def test_nothing_to_look_at(check: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check.platform, "machine", lambda: "x86_64")
    (tmp_path / "gen").mkdir()
    (tmp_path / "gen" / "op_handlers.h").write_text("")
    assert check.main([str(tmp_path)]) == 2
    monkeypatch.setattr(check.platform, "machine", lambda: "riscv64")
    assert check.main([str(tmp_path)]) == 0
