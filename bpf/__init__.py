"""Live capture through eBPF (arrives with the live-capture release)."""
