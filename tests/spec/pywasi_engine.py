"""The engine of this project behind the runner's interface, by its public Python API alone."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pywasi_native as wasm
from wast_engine import Failure
from wast_script import Verdict
from wast_values import Argument, HostArgument, NullArgument, Number, Reference, Result
