"""A package from PyPI that calls C by ctypes passes its own tests with `pywasi_native.ffi.CDLL`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import consumer_sources
import locate

# What exercises each way of calling: handles as void*, out-parameters, buffers of every kind, state that one
# library makes and another uses, bytes that C writes into. The whole suite takes half an hour.
TESTS = (
    "Hash/test_SHA256.py", "Hash/test_Poly1305.py", "Cipher/test_CBC.py", "Cipher/test_ChaCha20.py",
    "Cipher/test_pkcs1_15.py::TestSentinel::test_no_warning", "Cipher/test_shared_objects.py",
    "Util/test_strxor.py", "Util/test_raw_api.py",
)  # fmt: skip
# These reach into the C code's structs by the layout of the host: from_address(), with size_t of 8 bytes.
BY_HOST_LAYOUT = "not inconsistent_position"


@pytest.fixture(scope="module")
def consumer(zig: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the package and its C code as wasm."""
    folder = tmp_path_factory.mktemp("consumer")
    problem = consumer_sources.fetch(folder)
    if problem:
        locate.missing(problem)
    consumer_sources.build(folder)
    return folder


def test_pycryptodome_passes_its_tests(consumer: Path) -> None:
    tests = consumer / "lib" / "Crypto" / "SelfTest"
    driver = Path(__file__).with_name("ffi_driver.py")
    command = [
        sys.executable,
        str(driver),
        str(consumer),
        "-k",
        BY_HOST_LAYOUT,
        *(str(tests / one) for one in TESTS),
    ]
    done = subprocess.run(
        command, cwd=consumer, capture_output=True, text=True, check=False, timeout=900,
        env={**os.environ, "PYTEST_ADDOPTS": "", "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
