"""Benchmarks and the C tool chain that the benchmarks and the tests with real programs share."""
