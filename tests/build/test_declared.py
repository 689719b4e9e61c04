"""What the headers of a project declare, and the text of it that the shim carries."""

from __future__ import annotations

from pathlib import Path

import pytest

from pywasi_native.build.declared import Declared, read_headers
from pywasi_native.build.settings import read_settings
from pywasi_native.build.zig_tool import Zig

pytestmark = pytest.mark.usefixtures("zig")

CORE_H = """\
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "types.h"
#define API __attribute__((visibility("default")))
#define LIMIT (4 * 1024)
#define TWICE(x) ((x) * \\
                  2)
/** Adds. */
API int add(int a, int b);
static inline int local(int x) { return x * 2; }
#ifdef BIG
uint64_t big(void);
#endif
point *shift(const point *p, size_t n);
"""
TYPES_H = """\
#pragma once
typedef struct { double x, y; } point;
int of_types(void);
"""
TABLE = 'module = "pkg._core"\nsources = ["c/core.c"]\nheaders = ["c/core.h"]\n'


def declared(project, tmp_path: Path, table: str = TABLE) -> Declared:
    root = project(table, {"c/core.c": "", "c/core.h": CORE_H, "c/types.h": TYPES_H})
    return read_headers(read_settings(root), Zig(root, tmp_path))


def test_functions_of_the_named_headers(project, tmp_path: Path) -> None:
    assert declared(project, tmp_path).functions == ["add", "shift"]
    assert declared(project, tmp_path, TABLE + 'cflags = ["-DBIG"]').functions == ["add", "big", "shift"]
    both = TABLE.replace('"c/core.h"', '"c/core.h", "c/types.h"')
    assert sorted(declared(project, tmp_path, both).functions) == ["add", "of_types", "shift"]
    assert declared(project, tmp_path, TABLE + 'exclude = ["add"]').functions == ["shift"]


def test_the_text_has_types_and_comments_only(project, tmp_path: Path) -> None:
    found = declared(project, tmp_path)
    assert "/** Adds. */" in found.text
    assert "typedef struct {\n    double x;\n    double y;\n} point;" in found.text
    for gone in ("API", "LIMIT", "TWICE", "2)", "visibility(", "pragma", "NULL", "__WASI"):
        assert gone not in found.text.replace('__attribute__((visibility("default")))', "")
    assert found.header.constants == {"LIMIT": 4096}
    assert found.header.functions["add"].doc == "Adds."
    assert str(found.header.functions["add"].place).startswith("c/core.h:10")
