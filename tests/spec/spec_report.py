"""The name under which test items record their outcomes for the closing table (conftest.py)."""

PROPERTY = "spec"
