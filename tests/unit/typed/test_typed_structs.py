"""Structs and enumerations of C as Python classes."""

from __future__ import annotations

import copy
import pickle
from array import array
from enum import IntEnum

import pytest

import pywasi_native as wasm
from pywasi_native import typed

Lib = typed.Namespace


def test_structs_have_their_members(lib: Lib) -> None:
    p = lib.point(1, y=2.5)
    assert (p.x, p.y) == (1.0, 2.5)
    p.x = 7
    assert repr(p) == "point(x=7.0, y=2.5)"
    assert p == lib.point(7, 2.5)
    assert p != lib.point(7, 3)
    assert bytes(p) == array("d", [7, 2.5]).tobytes()
    assert memoryview(p).nbytes == 16
    assert lib.point.__doc__ == "A place in the plane."
    assert lib.point() == lib.point(0, 0)
    assert p.address is None


def test_structs_go_in_and_come_out_by_value(lib: Lib) -> None:
    assert lib.point_add(lib.point(1, 2), lib.point(10, 20)) == lib.point(11, 22)
    assert lib.color_mix(lib.color(0, 100, 200, 255), lib.color(2, 0, 0, 255)) == lib.color(1, 50, 100, 255)
    assert lib.box(lib.boxed(1.5), 2).value == 3.5


def test_structs_behind_pointers_are_written_to(lib: Lib) -> None:
    s = lib.shape(lib.point(0, 0), lib.point(3, 4), lib.KIND_LINE)
    assert lib.shape_length(s) == 5
    s.weights = [1, 2, 3]
    lib.shape_move(s, 1, -1)
    assert (s["from"] if hasattr(s, "__getitem__") else getattr(s, "from")) == lib.point(1, -1)
    assert s.to == lib.point(4, 3)
    assert s.what is lib.kind.KIND_CURVE
    assert list(s.weights) == [1, 3, 3]
    assert s.closed is True


def test_a_struct_that_is_only_written_comes_back(lib: Lib) -> None:
    assert lib.origin() == lib.point(7, 8)


def test_structs_in_the_module_s_memory_are_in_place(lib: Lib) -> None:
    s = lib.shape_shared()
    assert s.address
    assert (s.to.x, s.name, s.label, list(s.weights)) == (3, b"shared", "its label", [1, 2, 3])
    s.to.x = 30
    s.paint.r = 9
    again = lib.shape_shared()
    assert (again.to.x, again.paint.r) == (30, 9)
    lib.shape_move(s, 1, 0)
    assert again.to.x == 31
    assert lib.shape.at(s.address) == s
    with pytest.raises(IndexError, match="outside of the memory"):
        lib.shape.at(0xFFFFFFF0)


def test_arrays_of_structs(lib: Lib) -> None:
    points = lib.point.array(3)
    points[1] = lib.point(3, 4)
    points[2].x = 3
    assert lib.path_length(points) == 9
    assert len(points) == 3
    assert points[-1] == lib.point(3, 0)
    with pytest.raises(IndexError, match="index 3 of an array of 3 point"):
        points[3]
    with pytest.raises(TypeError, match="the items are point, not color"):
        points[0] = lib.color()
    np = pytest.importorskip("numpy")
    assert lib.path_length(np.array([[0, 0], [3, 4]], dtype=float).view("V16").reshape(2)) == 5


def test_one_struct_is_an_array_of_one(lib: Lib) -> None:
    assert lib.path_length(lib.point(1, 2)) == 0


def test_other_structs_are_refused(lib: Lib) -> None:
    with pytest.raises(TypeError, match=r"point_add\(\) argument 1 \(a\) must be point, not color"):
        lib.point_add(lib.color(), lib.point())
    with pytest.raises(
        TypeError, match=r"point_add\(\) argument 2 \(b\) must be point \(const point \*\), not boxed"
    ):
        lib.point_add(lib.point(), lib.boxed())
    with pytest.raises(TypeError, match=r"path_length\(\) argument 1 \(points\)"):
        lib.path_length(lib.color.array(4))
    with pytest.raises(TypeError, match="shape_length"):
        lib.shape_length(b"short")
    with pytest.raises(TypeError, match="must be point, not int"):
        lib.point_add(1, 2)


def test_members_are_checked(lib: Lib) -> None:
    s = lib.shape()
    with pytest.raises(TypeError, match=r"point.x must be float, not str"):
        lib.point("1")
    with pytest.raises(OverflowError, match=r"color.r must be from 0 to 255, not 256"):
        lib.color(256)
    with pytest.raises(TypeError, match=r"color.r must be int, not float"):
        lib.color(1.0)
    with pytest.raises(ValueError, match=r"shape.name has 12 bytes, 13 given"):
        s.name = "x" * 13
    with pytest.raises(ValueError, match=r"shape.weights has 3 items, 2 given"):
        s.weights = [1, 2]
    with pytest.raises(TypeError, match=r"shape.to must be point, not boxed"):
        s.to = lib.boxed()
    with pytest.raises(TypeError, match=r"shape.closed must be bool, not int"):
        s.closed = 2
    with pytest.raises(TypeError, match="has no member 'z'; it has x, y"):
        lib.point(z=1)
    with pytest.raises(TypeError, match="has 2 members, 3 given"):
        lib.point(1, 2, 3)
    with pytest.raises(TypeError, match="got two values for x"):
        lib.point(1, x=2)
    with pytest.raises(AttributeError):
        s.nothing = 1
    s.name = "twelve bytes"
    assert s.name == b"twelve bytes"


def test_structs_are_copied_and_not_pickled(lib: Lib) -> None:
    p = lib.point(1, 2)
    other = copy.copy(p)
    other.x = 5
    assert p.x == 1
    assert lib.point.from_bytes(bytes(p)) == p
    with pytest.raises(ValueError, match="point has 16 bytes, not 3"):
        lib.point.from_bytes(b"abc")
    with pytest.raises(TypeError, match=r"cannot pickle a point: take bytes\(\) of it"):
        pickle.dumps(p)
    with pytest.raises(TypeError, match="unhashable"):
        hash(p)


def test_a_struct_keeps_the_bytes_of_the_one_around_it(lib: Lib) -> None:
    s = lib.shape()
    inner = s.to
    del s
    inner.x = 4
    assert inner == lib.point(4, 0)


def test_enumerations(lib: Lib) -> None:
    assert issubclass(lib.kind, IntEnum)
    assert lib.next_kind(lib.kind.KIND_LINE) is lib.kind.KIND_CURVE
    assert lib.next_kind(lib.KIND_CURVE) == 5
    assert not isinstance(lib.next_kind(4), lib.kind)
    assert lib.kind.__module__ == "forms.h"


def test_names_that_a_header_lacks(lib: Lib) -> None:
    with pytest.raises(AttributeError, match=r"forms.h declares no 'pointt'; did you mean 'point'"):
        lib.__getattr__("pointt")
    with pytest.raises(
        wasm.LinkError, match=r"forms.h:\d+.*not_exported is declared, but the module does not export it"
    ):
        lib.__getattr__("not_exported")
    with pytest.raises(typed.HeaderError, match=r"forms.h:\d+"):
        lib.__getattr__("formatted")


def test_classes_cannot_be_made_without_a_header() -> None:
    with pytest.raises(TypeError, match=r"is made by pywasi_native.typed.bind\(\)"):
        typed.StructBase()


def test_arrays_of_arrays_and_of_structs(lib: Lib) -> None:
    g = lib.grid()
    g.cells = [[1, 2], [3, 4], [5, 6]]
    assert g.cells.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert lib.grid_sum(g) == 91
    with pytest.raises(ValueError, match=r"grid.cells has 2 items, 3 given"):
        g.cells = [[1, 2], [3, 4], [5, 6, 7]]
    assert g.cells[2, 1] == 6
    g.corners[1].x = 2
    g.corners[-1] = lib.point(3, 4)
    assert lib.grid_sum(g) == 591
    assert [corner.x for corner in g.corners] == [0, 2, 0, 3]
    assert g.corners[1:3] == [lib.point(2, 0), lib.point(0, 0)]
    g.corners = [lib.point(i) for i in range(4)]
    assert g.corners[3] == lib.point(3)
    g.corners = g.corners[::-1]
    assert [corner.x for corner in g.corners] == [3, 2, 1, 0]
    with pytest.raises(IndexError, match="index 4 of an array of 4 point"):
        g.corners[4]
    with pytest.raises(TypeError, match="the items are point, not boxed"):
        g.corners[0] = lib.boxed()
    with pytest.raises(ValueError, match=r"grid.corners has 4 items, 1 given"):
        g.corners = [lib.point()]
    assert g.words.shape == (2, 8)
    g.kinds = [lib.kind.KIND_LINE, lib.KIND_CURVE]
    assert list(g.kinds) == [3, 4]
    assert list(g.names) == [0, 0]
    np = pytest.importorskip("numpy")
    g.cells = np.zeros((3, 2), np.float32)
    assert np.asarray(g.cells).sum() == 0


def test_a_member_may_be_called_as_we_call_things(lib: Lib) -> None:
    g = lib.grid(address=5)
    assert g.address == 5
    assert lib.grid_sum(g) == 5
