"""Measures what the service promises: memory, latency, overhead, the cost of a trim. `python -m benchmarks`.

Every figure is a ratio or a difference within one run on one machine: absolute times say more about the machine.
"""
