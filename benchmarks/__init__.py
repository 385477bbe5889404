"""Speed and memory against limits: ``python -m benchmarks``; see README.md for the figures."""
