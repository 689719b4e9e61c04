"""Code of a user of a package with typed functions: a line that ends in a comment has that type or error."""

from typing import reveal_type

from pkg import _core as core


def visit(user: object, name: str | None, value: float) -> int:
    return len(name or "") + int(value)


total = core.sum_f64([1.0, 2.5])
reveal_type(total)  # float
reveal_type(core.text_length("text"))  # int
reveal_type(core.extent(memoryview(b"")))  # tuple[int, int]
reveal_type(core.kind_name(core.KIND_LINE))  # str | None
point = core.point(1, y=2.5)
reveal_type(point.x)  # float
reveal_type(core.point_add(point, point))  # point
reveal_type(core.point.array(3)[1])  # point
reveal_type(core.origin())  # point
shape = core.shape()
shape.weights = [1, 2, 3]
shape.name = "name"
reveal_type(shape.weights)  # memoryview[float]
reveal_type(shape.name)  # bytes
reveal_type(shape.label)  # str | None
grid = core.grid(cells=[[1, 2], [3, 4], [5, 6]])
grid.corners = [point, point, point, point]
reveal_type(grid.corners[0].x)  # float
reveal_type(grid.cells)  # memoryview[float]
grid.cells = [1, 2]  # error
reveal_type(core.visit_all(visit, None))  # int
with core.counter_new("one") as counter:
    reveal_type(counter)  # counter
    reveal_type(core.counter_add(counter, 2))  # int
reveal_type(len(core.FORMS_VERSION))  # int
core.sum_f64("text")  # error
core.sum_f64()  # error
core.counter_add("counter", 1)  # error
core.scale([1.0], 2)  # error
core.visit_all(lambda user, name: 1, None)  # error
core.point(z=1)  # error
print(core.nothing)  # error
shape.weights = 1  # error
