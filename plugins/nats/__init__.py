"""NATS: the client protocol of nats-server 2.9 to 2.12 over TCP, with headers, request and reply, and JetStream."""
