"""HTTP/1.0 and HTTP/1.1 (RFC 9110, RFC 9112): requests and responses as records of `http_events`."""
