"""Kafka: every API of Apache Kafka 0.8 to 4.x, with record batches of all three formats."""
