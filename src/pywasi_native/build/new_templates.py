"""The files of the package that ``pywasi new`` lays out; ``$package`` and the like are filled in."""

from __future__ import annotations

PYPROJECT = """\
$build_system

[project]
name = "$name"
version = "0.1.0"
description = "C compiled to WebAssembly: one wheel for every platform"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["pywasi-native>=$version"]

[project.optional-dependencies]
test = ["pytest>=8", "mypy>=1.15"$pyright_too]
$table
[tool.mypy]
$checked
strict = true
$pyright
[tool.pytest.ini_options]
testpaths = ["tests"]
"""

TABLE = """
[tool.pywasi]
module = "$package._core"         # what Python imports
sources = ["core/*.c"]
headers = ["core/$package.h"]     # what it declares becomes Python functions
cflags = ["-O2"]
"""

BUILD_SYSTEMS = {
    "hatchling": (
        """\
[build-system]
requires = ["hatchling>=1.26", "pywasi-native[build]>=$version"]
build-backend = "hatchling.build\"""",
        """
[tool.hatch.build.targets.wheel]
packages = ["src/$package"]

[tool.hatch.build.hooks.pywasi]   # builds [tool.pywasi] into the wheel
""",
    ),
    "setuptools": (
        """\
[build-system]
requires = ["setuptools>=77", "pywasi-native[build]>=$version"]
build-backend = "setuptools.build_meta\"""",
        """
[tool.setuptools.package-data]
$package = ["py.typed"]           # what [tool.pywasi] builds comes in by itself
""",
    ),
    "scikit-build-core": (
        """\
[build-system]
requires = ["scikit-build-core>=1.1", "pywasi-native[build]>=$version"]
build-backend = "scikit_build_core.build\"""",
        """
[tool.scikit-build]               # CMakeLists.txt builds the module
wheel.py-api = "py3"
wheel.platlib = false
""",
    ),
}

PYRIGHT = """
[tool.pyright]
include = ["src", "tests"]
typeCheckingMode = "strict"
"""

CMAKE = """\
cmake_minimum_required(VERSION 3.26)
include(PywasiWasm) # of pywasi-native; before project(), since it makes zig the compiler
project($package LANGUAGES C)
pywasi_add_module($package._core SOURCES core/$package.c HEADERS core/$package.h)
"""

HEADER = """\
#pragma once
#include <stddef.h>
#include <stdint.h>

/** The arithmetic mean of `n` numbers; 0 if there are none. */
double mean(const double *values, size_t n);

/** The greatest common divisor of two numbers. */
uint32_t gcd(uint32_t a, uint32_t b);

/** The number of steps of Collatz from `n` to 1, or -1 if a number does not fit into 64 bits. */
int collatz(uint64_t n);
"""

SOURCE = """\
#include "$package.h"

double mean(const double *values, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    return n != 0 ? sum / (double)n : 0;
}

uint32_t gcd(uint32_t a, uint32_t b)
{
    while (b != 0) {
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

int collatz(uint64_t n)
{
    int steps = 0;
    while (n > 1) {
        if (n % 2 == 0) {
            n /= 2;
        } else if (n <= (UINT64_MAX - 1) / 3) {
            n = 3 * n + 1;
        } else {
            return -1;
        }
        steps++;
    }
    return steps;
}
"""

INIT = '''\
"""C compiled to WebAssembly."""

from ._core import collatz, gcd, mean

__all__ = ["collatz", "gcd", "mean"]
'''

TEST = """\
import math
import random
import statistics
from array import array

from $package import collatz, gcd, mean


def test_mean_takes_buffers_and_lists() -> None:
    values = [random.random() for _ in range(1000)]
    assert math.isclose(mean(values), statistics.fmean(values))
    assert mean(array("d", values)) == mean(values)
    assert mean([]) == 0


def test_gcd_is_that_of_the_standard_library() -> None:
    for _ in range(100):
        a, b = random.randrange(2**31), random.randrange(1, 2**31)
        assert gcd(a, b) == math.gcd(a, b)


def test_collatz() -> None:
    assert [collatz(n) for n in (1, 2, 3, 7, 27)] == [0, 1, 7, 16, 111]
    assert collatz(2**63 - 1) == -1
"""

GITIGNORE = """\
# made by `pywasi build`
src/$package/_core.py
src/$package/_core.pyi
src/$package/_core.wasm

__pycache__/
*.egg-info/
.mypy_cache/
.pytest_cache/
build/
dist/
"""

README = """\
# $name

A Python package in C. The C is compiled to WebAssembly, so one wheel runs on every platform, in a sandbox.

    python -m pip install $editable'.[test]'      # builds src/$package/_core.wasm, _core.py and _core.pyi
    python -m pytest
    python -m mypy$or_pyright
    python -m pip wheel --no-deps -w dist . # dist/$package-0.1.0-py3-none-any.whl

After a change of the C: `$rebuild`. Who installs the wheel needs no compiler.

| path | content |
|---|---|
| `core/$package.h` | what Python can call; the comments become docstrings |
| `core/$package.c` | the C |
| `src/$package/` | the Python package |
| `pyproject.toml` | $where |
"""
