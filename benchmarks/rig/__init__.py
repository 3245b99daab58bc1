"""What the benchmarks measure with: a sandbox of its own process, programs to compare, and a stopwatch.

Nothing here is a benchmark; the scripts beside this folder are.
"""
