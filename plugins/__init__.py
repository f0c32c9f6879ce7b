"""The built-in protocols, one folder each."""
