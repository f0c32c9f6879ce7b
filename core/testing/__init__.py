"""What makes captures and checks plugins: for the tests of pxcap and of third-party plugins."""
