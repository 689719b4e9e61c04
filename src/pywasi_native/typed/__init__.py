"""Typed functions over linear memory: Python values in and out of C functions, without sums of pointers."""
