"""pxcap from a program or a notebook."""
