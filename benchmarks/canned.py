"""A server that answers every request with the same bytes, in a process of its own.

It shows the least time that a round trip can take.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import socket
import threading
from collections.abc import Iterator


def _serve(listener: socket.socket, answer: bytes) -> None:
    def talk(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pending = b""
        while True:
            while b"\r\n\r\n" not in pending:
                received = connection.recv(65536)
                if not received:
                    return
                pending += received
            head, _, pending = pending.partition(b"\r\n\r\n")
            length = 0
            for line in head.split(b"\r\n")[1:]:
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            while len(pending) < length:
                pending += connection.recv(65536)
            pending = pending[length:]
            connection.sendall(answer)

    while True:
        connection, _ = listener.accept()
        threading.Thread(target=talk, args=(connection,), daemon=True).start()


@contextlib.contextmanager
def canned_server(body: bytes) -> Iterator[str]:
    """The endpoint of a server that answers 200 with ``body``, until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    answer = (
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nopc-request-id: canned\r\n"
        b"content-length: " + str(len(body)).encode() + b"\r\n\r\n" + body
    )
    process = multiprocessing.get_context("fork").Process(
        target=_serve, args=(listener, answer), daemon=True
    )
    process.start()
    port = listener.getsockname()[1]
    listener.close()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.join()
