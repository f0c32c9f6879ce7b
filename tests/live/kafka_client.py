"""Runs one of three Kafka clients and prints, as JSON lines, what it sent and got; a process of its own, as they leave
threads and warnings behind.

    python tests/live/kafka_client.py confluent|aiokafka|kafka-python BOOTSTRAP TOPIC
"""

import asyncio
import json
import sys
import time
from typing import Any

CODECS = {
    "confluent": ("none", "gzip", "snappy", "lz4", "zstd"),
    "aiokafka": ("none", "gzip", "snappy", "lz4", "zstd"),
    "kafka-python": ("none", "gzip", "lz4"),
}
EACH = 6  # messages with a codec: all of them are fewer than what is shown of one response
SPOKEN = (0, 11)  # by kafka-python: it cannot read the mock cluster's answers in newer versions
HEADERS = [("trace", b"00-4bf9"), ("empty", b"")]


def say(did: str, **more: Any) -> None:
    print(json.dumps({"did": did, **more}), flush=True)


def messages(codec: str) -> list[tuple[str, str]]:
    """Keys and values to send with a codec; each alone packs well, as batches that do not are sent as they are."""
    return [(f"{codec}-{n}", json.dumps({"order": n, "codec": codec, "text": "ü" * (60 + n)})) for n in range(EACH)]


def got(partition: int, offset: int, key: bytes, value: bytes, headers: list[tuple[str, bytes]]) -> None:
    names = [name for name, _ in headers]
    say("consumed", partition=partition, offset=offset, key=key.decode(), value=value.decode(), headers=names)


def confluent(bootstrap: str, topic: str) -> None:
    from confluent_kafka import Consumer, Producer

    servers = {"bootstrap.servers": bootstrap}
    for codec in CODECS["confluent"]:
        name = f"{codec}-producer"
        producer = Producer(servers | {"client.id": name, "compression.type": codec, "linger.ms": 20})
        for key, value in messages(codec):

            def told(error: Any, message: Any, codec: str = codec) -> None:
                assert error is None, error
                key, value = message.key().decode(), message.value().decode()
                say("produced", codec=codec, partition=message.partition(), key=key, value=value)

            producer.produce(topic, value, key, headers=HEADERS, on_delivery=told)
        assert producer.flush(20) == 0
    consumer = Consumer(
        servers | {"group.id": "g", "client.id": "reader", "auto.offset.reset": "earliest", "enable.auto.commit": False}
    )
    consumer.subscribe([topic])
    left = EACH * len(CODECS["confluent"])
    while left:
        message = consumer.poll(20)
        assert message is not None
        assert message.error() is None, message.error()
        got(message.partition(), message.offset(), message.key(), message.value(), message.headers())
        left -= 1
    for one in consumer.commit(asynchronous=False):
        say("committed", partition=one.partition, offset=one.offset)
    consumer.close()


async def aiokafka(bootstrap: str, topic: str) -> None:
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

    for codec in CODECS["aiokafka"]:
        kind = None if codec == "none" else codec
        producer = AIOKafkaProducer(bootstrap_servers=bootstrap, client_id=f"{codec}-producer", compression_type=kind)
        await producer.start()
        waiting = [
            (key, value, await producer.send(topic, value.encode(), key.encode(), headers=HEADERS))
            for key, value in messages(codec)
        ]
        for key, value, future in waiting:
            say("produced", codec=codec, partition=(await future).partition, key=key, value=value)
        await producer.stop()
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        group_id="g",
        client_id="reader",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    for _ in range(EACH * len(CODECS["aiokafka"])):
        one = await asyncio.wait_for(consumer.getone(), 120)
        got(one.partition, one.offset, one.key, one.value, list(one.headers))
    await consumer.commit()
    for part in sorted(consumer.assignment()):
        say("committed", partition=part.partition, offset=await consumer.committed(part))
    await consumer.stop()


def kafka_python(bootstrap: str, topic: str) -> None:
    from kafka import KafkaConsumer, KafkaProducer

    for codec in CODECS["kafka-python"]:
        kind = None if codec == "none" else codec
        producer = KafkaProducer(
            bootstrap_servers=bootstrap,
            client_id=f"{codec}-producer",
            compression_type=kind,
            api_version=SPOKEN,
            enable_idempotence=False,
        )
        waiting = [
            (key, value, producer.send(topic, value.encode(), key.encode(), headers=HEADERS))
            for key, value in messages(codec)
        ]
        for key, value, future in waiting:
            say("produced", codec=codec, partition=future.get(120).partition, key=key, value=value)
        producer.close()
    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        group_id="g",
        client_id="reader",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        api_version=SPOKEN,
    )
    left, until = EACH * len(CODECS["kafka-python"]), time.monotonic() + 300
    while left:
        assert time.monotonic() < until, f"{left} messages did not come"
        for part in consumer.poll(1000).values():
            for one in part:
                got(one.partition, one.offset, one.key, one.value, list(one.headers))
                left -= 1
    consumer.commit()
    for part in sorted(consumer.assignment()):
        say("committed", partition=part.partition, offset=consumer.committed(part))
    consumer.close()


def main() -> None:
    which, bootstrap, topic = sys.argv[1:]
    if which == "aiokafka":
        asyncio.run(aiokafka(bootstrap, topic))
    else:
        {"confluent": confluent, "kafka-python": kafka_python}[which](bootstrap, topic)


if __name__ == "__main__":
    main()
