"""The capture file that a live capture writes beside its records."""
