"""Scripts of Wasm 1.0 that a tag blocks, with their tags taken out: nothing in them fails or is blocked."""

from __future__ import annotations

from pathlib import Path

import pytest

from pywasi_engine import PywasiEngine
from wast_assemble import ModuleCache
from wast_runner import Status, run_script
from wast_script import parse_script
from wast_without_tags import without_tags


@pytest.mark.parametrize(("name", "commands"), [("imports", 150), ("exports", 90), ("instance", 18)])
def test_rest_of_script_passes(name: str, commands: int, spec_testsuite: Path, module_cache: Path) -> None:
    data = (spec_testsuite / "core" / f"{name}.wast").read_bytes()
    kept, dropped = without_tags(parse_script(data))
    modules = ModuleCache(module_cache, b"without tags\0" + data)
    outcomes = run_script(kept, PywasiEngine(), modules)
    modules.save()
    wrong = [o for o in outcomes if o.status in (Status.FAILED, Status.BLOCKED)]
    assert [(o.line, o.status, o.detail) for o in wrong] == []
    assert dropped > 0
    assert sum(o.status is Status.PASSED for o in outcomes) >= commands


def test_only_tags_go() -> None:
    script = b"""(module (tag $t) (func (export "tag") (throw $t)) (func (export "f")))
        (assert_return (invoke "tag")) (assert_return (invoke "f"))
        (assert_unlinkable (module (import "a" "b" (tag))) "")
        (assert_unlinkable (module (import "a" "b")) "")"""
    kept, dropped = without_tags(parse_script(script))
    assert [command.line for command in kept] == [1, 2, 4]
    assert dropped == 2
    code = kept[0].module.code  # type: ignore[union-attr]
    assert code.split() == [b"(module", b"(func", b"(export", b'"f")))']
