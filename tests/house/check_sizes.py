"""Sizes that a reader can hold in the head: files and functions."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from statistics import median

from tree import Tree, strip_c

CYTHON_FILES = (".pyx", ".pxd", ".pxi")
SOURCE = (".c", ".h", ".py", ".pyi", *CYTHON_FILES)
FILE_SOFT, FILE_HARD, FILE_MEDIAN = 800, 1500, 250
HEADER, FUNCTION, CYTHON = 300, 60, 700
CYTHON_DEF = re.compile(r"^(\s*)(?:def|cdef|cpdef)\b(?!\s+(?:class|extern|enum|struct))[^=\n]*\(")


def _lines(tree: Tree, file: str) -> int:
    return len(tree.text(file).splitlines())


def check_files(tree: Tree, long_files: dict[str, str]) -> list[str]:
    """Files over their size; `long_files` maps those that may pass the soft limit to the reason."""
    problems = []
    for file in tree.under("", *SOURCE):
        length = _lines(tree, file)
        soft = FILE_SOFT
        if file.endswith(".h") and file != "csrc/include/pywasi.h":
            soft = HEADER
        elif file.endswith(CYTHON_FILES):
            soft = CYTHON
        if length > FILE_HARD:
            problems.append(f"{file}: {length} lines, over the hard limit of {FILE_HARD}")
        elif length > soft and file not in long_files:
            problems.append(f"{file}: {length} lines, over {soft}: split it by notion")
    problems += [
        f"{file}: on the list of long files, but not there" for file in long_files if not tree.has(file)
    ]
    return problems


def check_median(tree: Tree, folder: str, *suffixes: str) -> list[str]:
    """Whether the median file below `folder` is small."""
    sizes = [_lines(tree, file) for file in tree.under(folder, *suffixes)]
    if sizes and median(sizes) > FILE_MEDIAN:
        return [f"{folder}: the median file has {median(sizes)} lines, over {FILE_MEDIAN}"]
    return []


def check_functions(tree: Tree, long_functions: dict[str, str]) -> list[str]:
    """Functions over their size; `long_functions` maps "file:name" to the reason for an exception."""
    problems, seen = [], set()
    for file in tree.under("", ".c", ".h", ".py", ".pyx", ".pxi"):
        for name, line, length in functions(file, tree.text(file)):
            if length <= FUNCTION:
                continue
            seen.add(f"{file}:{name}")
            if f"{file}:{name}" not in long_functions:
                problems.append(f"{file}:{line}: {name} has {length} lines, over {FUNCTION}")
    problems += [
        f"{key}: on the list of long functions, but short or gone" for key in set(long_functions) - seen
    ]
    return problems


def functions(file: str, text: str) -> Iterator[tuple[str, int, int]]:
    """(name, first line, number of lines) of every function; a docstring does not count."""
    if file.endswith(".py"):
        return _python_functions(text)
    if file.endswith(CYTHON_FILES):
        return _cython_functions(text)
    return _c_functions(text)


def _python_functions(text: str) -> Iterator[tuple[str, int, int]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if ast.get_docstring(node) is not None:
                first = node.body[0]
                length -= (first.end_lineno or first.lineno) - first.lineno + 1
            yield node.name, node.lineno, length


def _cython_functions(text: str) -> Iterator[tuple[str, int, int]]:
    lines = text.splitlines()
    for start, line in enumerate(lines):
        match = CYTHON_DEF.match(line)
        if not match:
            continue
        indent, end = len(match.group(1)), start + 1
        last = start
        while end < len(lines):
            if lines[end].strip():
                content = lines[end].lstrip()
                if len(lines[end]) - len(content) <= indent and not content.startswith(")"):
                    break
                last = end
            end += 1
        name = line[: line.index("(")].split()[-1].lstrip("*")
        yield name, start + 1, last - start + 1


def _c_functions(text: str) -> Iterator[tuple[str, int, int]]:
    """A function is a brace that opens at depth 0 after a closing parenthesis."""
    code = strip_c(text)
    depth, start, head = 0, 0, 0
    name = ""
    for i, char in enumerate(code):
        if char == "{":
            if depth == 0:
                start = i
                name = _c_name(code[head:i])
            depth += 1
        elif char == "}":
            depth = max(depth - 1, 0)
            if depth == 0:
                if name:
                    yield name, code.count("\n", 0, start) + 1, code.count("\n", start, i) + 1
                head = i + 1
        elif char == ";" and depth == 0:
            head = i + 1


def _c_name(head: str) -> str:
    """The name of the function whose text before the brace is `head`, or "" for a type or an initialiser."""
    head = head.rstrip()
    if not head.endswith(")") or "=" in head.split("(")[0]:
        return ""
    if op := re.match(r"\s*OP\([^,]*,[^,]*,\s*(\w+)", head):
        return op.group(1)
    names, depth = [""], 0
    for token in re.finditer(r"\w+\s*(?=\()|[()]", head):
        if token.group() in "()":
            depth += 1 if token.group() == "(" else -1
        elif depth == 0:
            names.append(token.group().strip())
    return names[-1]
