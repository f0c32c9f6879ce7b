"""The pxcap command."""
