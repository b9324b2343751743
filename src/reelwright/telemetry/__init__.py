"""What the service says of itself while it runs: log lines, metrics, traces."""
