"""Arguments and expected results of script actions, and the rule by which a result matches.

Numbers and vectors are bits everywhere. An expected number is a mask and a value: ``nan:canonical`` leaves
the sign open, ``nan:arithmetic`` the sign and the payload below the quiet bit, and a vector is its lanes side
by side, so one comparison, ``(bits & mask) == value``, serves every pattern, here and in the C driver.
"""

from __future__ import annotations

from dataclasses import dataclass

from wast_floats import WIDTH, float_bits, infinity_bits, int_bits, quiet_bit
from wast_reader import Atom, List, Node, WastSyntaxError

REFERENCE_KINDS = frozenset(
    {"any", "array", "cont", "eq", "exn", "extern", "func", "host", "i31", "i31_shared", "null", "struct"}
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number or vector: `type` is ``i32 i64 f32 f64 v128``, `bits` unsigned."""

    type: str
    bits: int

    def __str__(self) -> str:
        return f"{self.type}:{self.bits:#x}"


@dataclass(frozen=True, slots=True)
class NullArgument:
    """``(ref.null heap_type)`` as an argument; `heap_type` is the word as written, or an index."""

    heap_type: str


@dataclass(frozen=True, slots=True)
class HostArgument:
    """``(ref.extern n)`` or ``(ref.host n)``: the host object number `n`, at the top or inside `any`."""

    kind: str
    number: int


Argument = Number | NullArgument | HostArgument


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference that came back: every word of `REFERENCE_KINDS` that describes it, and its host number."""

    kinds: frozenset[str]
    host: int | None = None

    def __str__(self) -> str:
        return f"ref {'/'.join(sorted(self.kinds))}" + (f" {self.host}" if self.host is not None else "")


Result = Number | Reference


@dataclass(frozen=True, slots=True)
class NumberPattern:
    """Matches a number of this type whose bits under `mask` are `value`."""

    type: str
    mask: int
    value: int

    def matches(self, result: Result) -> bool:
        """Whether `result` is what the script wants."""
        return (
            isinstance(result, Number) and result.type == self.type and result.bits & self.mask == self.value
        )

    def __str__(self) -> str:
        exact = self.mask == (1 << WIDTH[self.type]) - 1
        return f"{self.type}:{self.value:#x}" + ("" if exact else f" under mask {self.mask:#x}")


@dataclass(frozen=True, slots=True)
class ReferencePattern:
    """Matches a reference of this kind; with `host`, only that host object."""

    kind: str
    host: int | None = None

    def matches(self, result: Result) -> bool:
        """Whether `result` is what the script wants."""
        if not isinstance(result, Reference) or self.kind not in result.kinds:
            return False
        return self.host is None or result.host == self.host

    def __str__(self) -> str:
        return f"ref.{self.kind}" + (f" {self.host}" if self.host is not None else "")


@dataclass(frozen=True, slots=True)
class EitherPattern:
    """Matches what one of the alternatives matches."""

    alternatives: tuple[Pattern, ...]

    def matches(self, result: Result) -> bool:
        """Whether `result` is what the script wants."""
        return any(pattern.matches(result) for pattern in self.alternatives)

    def __str__(self) -> str:
        return "either " + " or ".join(map(str, self.alternatives))


Pattern = NumberPattern | ReferencePattern | EitherPattern


def match_all(patterns: tuple[Pattern, ...], results: tuple[Result, ...]) -> bool:
    """Whether the results are as many as the patterns and each matches its own."""
    return len(patterns) == len(results) and all(p.matches(r) for p, r in zip(patterns, results, strict=True))


def _lane(text: str, kind: str) -> tuple[int, int]:
    """Mask and value of one literal."""
    width = WIDTH[kind]
    if kind.startswith("i"):
        return (1 << width) - 1, int_bits(text, width)
    sign = 1 << (width - 1)
    canonical = infinity_bits(kind) | quiet_bit(kind)
    if text == "nan:canonical":
        return (1 << width) - 1 - sign, canonical
    if text == "nan:arithmetic":
        return canonical, canonical
    return (1 << width) - 1, float_bits(text, kind)


def _vector(words: list[str]) -> NumberPattern:
    shape, lanes = (words or [""])[0], words[1:]
    kind, _, count = shape.partition("x")
    if kind not in WIDTH or int(count or 0) != len(lanes) or WIDTH[kind] * len(lanes) != 128:
        raise WastSyntaxError(f"v128.const wants the lanes of its shape: {' '.join(words)}")
    mask = value = 0
    for index, text in enumerate(lanes):
        lane_mask, lane_value = _lane(text, kind)
        mask |= lane_mask << (index * WIDTH[kind])
        value |= lane_value << (index * WIDTH[kind])
    return NumberPattern("v128", mask, value)


def parse_pattern(node: Node) -> Pattern:
    """An expected result: ``(f32.const nan:canonical)``, ``(ref.func)``, ``(either ...)``."""
    if not isinstance(node, List):
        raise WastSyntaxError("an expected result is a list")
    head = node.head.decode()
    if head == "either":
        return EitherPattern(tuple(parse_pattern(item) for item in node.items[1:]))
    words = [item.text.decode() for item in node.items[1:] if isinstance(item, Atom)]
    if head == "v128.const":
        return _vector(words)
    kind, _, rest = head.partition(".")
    if rest == "const" and kind in ("i32", "i64", "f32", "f64") and len(words) == 1:
        return NumberPattern(kind, *_lane(words[0], kind))
    if kind == "ref" and rest in REFERENCE_KINDS:
        has_number = rest in ("extern", "host") and len(words) == 1
        return ReferencePattern(rest, int_bits(words[0], 32) if has_number else None)
    raise WastSyntaxError(f"unknown result ({head} {' '.join(words)})")


def parse_argument(node: Node) -> Argument:
    """An argument of an action: a constant without open bits, a null or a host reference."""
    if isinstance(node, List) and node.head == b"ref.null":
        heap_type = node.items[1] if len(node.items) > 1 else None
        return NullArgument(heap_type.text.decode() if isinstance(heap_type, Atom) else "any")
    pattern = parse_pattern(node)
    if isinstance(pattern, NumberPattern) and pattern.mask == (1 << WIDTH[pattern.type]) - 1:
        return Number(pattern.type, pattern.value)
    if isinstance(pattern, ReferencePattern) and pattern.host is not None:
        return HostArgument(pattern.kind, pattern.host)
    raise WastSyntaxError(f"{pattern} cannot be an argument")
