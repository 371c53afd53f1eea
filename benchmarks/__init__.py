"""Benchmarks: figures measured by scripts, beside peers where there are any, in one run."""
