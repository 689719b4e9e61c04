"""What functions say of themselves at run time is what their stubs say."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable

from pywasi_native import typed

RULES = {"errors": {"counter_new": "null", "extent": "nonzero"}}


def test_signatures_are_those_of_the_stub(
    bound: Callable[..., typed.Namespace], forms_header: typed.Header
) -> None:
    lib = bound(**RULES)
    stub = ast.parse(typed.StubText(forms_header, None, typed.Rules(**RULES)).text("x"))  # type: ignore[arg-type]
    functions = [item for item in stub.body if isinstance(item, ast.FunctionDef)]
    assert len(functions) > 40
    for item in functions:
        if item.name in ("not_exported", "counter_free"):
            continue
        signature = inspect.signature(getattr(lib, item.name))
        said = [(arg.arg, ast.unparse(arg.annotation)) for arg in item.args.args if arg.annotation]
        assert [(one.name, one.annotation) for one in signature.parameters.values()] == said
        assert item.returns is not None
        assert signature.return_annotation == ast.unparse(item.returns)
        assert (ast.get_docstring(item) or "") in (inspect.getdoc(getattr(lib, item.name)) or "").replace(
            "\n ", "\n"
        )


def test_the_names_of_a_stub_are_there(
    bound: Callable[..., typed.Namespace], forms_header: typed.Header
) -> None:
    lib = bound()
    for name in typed.StubText(forms_header).names:
        assert name == "not_exported" or hasattr(lib, name)
