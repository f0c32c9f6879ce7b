"""Redis: RESP2 and RESP3 as Redis 7 speaks them, with inline commands, pub/sub, MONITOR and replication links."""
