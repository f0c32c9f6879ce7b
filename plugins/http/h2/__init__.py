"""HTTP/2 (RFC 9113, RFC 7541) and gRPC over it: each stream's exchange as a record of `http_events`."""
