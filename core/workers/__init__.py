"""Parse workers: connections are parsed and stored by several processes, fed by the one that captures or reads a file."""
