"""Proposals beyond the core, custom sections and legacy exceptions, one item per script.

What is not supported yet stands in expected_failures/; an unexpected pass fails, as an unexpected failure
does.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pywasi_engine import PywasiEngine
from spec_items import collect, judge
from wast_suite import Script, run


@pytest.mark.parametrize("script", [*collect("custom"), *collect("legacy"), *collect("proposals")])
def test_proposal_script(
    script: Script, module_cache: Path, record_property: Callable[[str, object], None]
) -> None:
    engine = PywasiEngine(script.without)
    judge(engine.name, script, run(script, engine, module_cache), record_property)
