"""The shells that the op tests share: built once a session, with every compiler there is."""

from __future__ import annotations

import pytest

from op_shell import BUILDS, Shell, Tables


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    return Tables(tmp_path_factory.mktemp("gen"))


@pytest.fixture(scope="session", params=BUILDS)
def shell(request: pytest.FixtureRequest, tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return Shell(tables, tmp_path_factory.mktemp("ops"), request.param)
