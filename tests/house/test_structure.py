"""CONTRIBUTING.md's rules about the tree, applied to the tree (test_checks.py tests the checks)."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import check_facts
import check_includes
import check_python
import check_sizes
from tree import Tree

# Each exception says why; an entry that is no longer needed fails.
PLATFORM_NAMES: dict[str, str] = {}
LONG_FILES: dict[str, str] = {
    "csrc/engine/interp.h": "no header but the interpreter's body, which each shell compiles",
}
LONG_FUNCTIONS: dict[str, str] = {}


@pytest.fixture(scope="module")
def tree(project_root: Path) -> Tree:
    return Tree(project_root)


@pytest.fixture(scope="module")
def generated(tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of the headers that the generator writes."""
    out = tmp_path_factory.mktemp("gen")
    ops = [str(tree.root / file) for file in tree.under("csrc/ops/", ".op.c")]
    subprocess.run(
        [sys.executable, str(tree.root / "csrc/gen/generate.py"), str(out), *ops],
        check=True, timeout=60, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return {path.name for path in out.iterdir()}


def agree(problems: list[str]) -> None:
    assert not problems, "\n" + "\n".join(problems)


def test_the_tree_is_not_empty(tree: Tree) -> None:
    assert len(tree.under("csrc/", ".c")) >= 10
    assert len(tree.under("src/pywasi_native/", ".py")) >= 5


def test_includes_run_one_way(tree: Tree, generated: set[str]) -> None:
    agree(check_includes.check_directions(tree, generated))


def test_platforms_are_named_in_their_own_files(tree: Tree) -> None:
    agree(check_includes.check_platform_names(tree, PLATFORM_NAMES))


def test_memory_comes_from_the_allocator(tree: Tree) -> None:
    agree(check_includes.check_allocation(tree))


def test_files_are_small(tree: Tree) -> None:
    agree(check_sizes.check_files(tree, LONG_FILES))


@pytest.mark.parametrize("folder", ["csrc/", "src/", "tests/"])
def test_median_file_is_small(tree: Tree, folder: str) -> None:
    agree(check_sizes.check_median(tree, folder, *check_sizes.SOURCE))


def test_functions_are_short(tree: Tree) -> None:
    agree(check_sizes.check_functions(tree, LONG_FUNCTIONS))


def test_python_imports_run_one_way(tree: Tree) -> None:
    agree(check_python.check_directions(tree))


def test_package_and_generator_need_nothing_but_python(tree: Tree) -> None:
    agree(check_python.check_dependencies(tree, sys.stdlib_module_names))


def test_configuration_stands_once(tree: Tree) -> None:
    agree(check_python.check_configuration(tree))


def test_file_names_are_unique(tree: Tree) -> None:
    agree(check_facts.check_unique_names(tree))


def test_cmake_knows_what_is_generated(tree: Tree, generated: set[str]) -> None:
    listed = re.search(r"set\(gen_headers ([^)]*)\)", tree.text("csrc/CMakeLists.txt"))
    assert listed
    assert set(listed.group(1).split()) == generated


def test_generated_files_are_not_committed(tree: Tree, generated: set[str]) -> None:
    assert generated, "the generator wrote nothing"
    agree(check_facts.check_not_committed(tree, generated))


def test_build_output_is_not_committed(tree: Tree) -> None:
    agree(check_facts.check_binaries(tree))


def test_readme_feature_table_is_features_def(tree: Tree) -> None:
    agree(check_facts.check_feature_table(tree))


def test_trap_kinds_are_traps_def(tree: Tree) -> None:
    agree(check_facts.check_traps(tree))


def test_links_of_the_documents_lead_somewhere(tree: Tree) -> None:
    agree(check_facts.check_links(tree))
