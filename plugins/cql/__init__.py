"""CQL: the native protocol v3, v4 and v5 of Apache Cassandra and ScyllaDB, compressed bodies and v5 frames included."""
