"""A gRPC service without generated code, and a client that calls it; processes of their own, as gRPC keeps threads.

    python -m bench.grpc_orders serve PORT
    python -m bench.grpc_orders call PORT CALLS

The client prints how many calls were answered.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

import grpc

METHOD = "/shop.Orders/Get"
TOGETHER = 50


def message(number: int, text: str) -> bytes:
    """A protobuf message: field 1 a varint, field 2 a string shorter than 128 bytes."""
    data = bytearray(b"\x08")
    while number > 0x7F:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    data.append(number)
    return bytes(data) + b"\x12" + bytes([len(text)]) + text.encode()


class Orders(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Answers each request with itself and some more."""

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        """How to answer a method."""
        if handler_call_details.method != METHOD:
            return None
        return grpc.unary_unary_rpc_method_handler(lambda request, context: request + b"\x1a\x0dspanner, 12.5")


def serve(port: int) -> None:
    """Serve until the process is ended."""
    server = grpc.server(ThreadPoolExecutor(4), handlers=[Orders()])
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    server.wait_for_termination()


def call(port: int, calls: int) -> None:
    """Make the calls, `TOGETHER` at a time on one connection."""
    answered = 0
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        get = channel.unary_unary(METHOD)
        metadata = (("x-tenant", "bench"),)
        for start in range(0, calls, TOGETHER):
            count = min(TOGETHER, calls - start)
            futures = [get.future(message(start + n, f"order {start + n}"), metadata=metadata) for n in range(count)]
            answered += sum(len(future.result()) > 0 for future in futures)
    print(answered)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]))
    else:
        call(int(sys.argv[2]), int(sys.argv[3]))
