"""The program of the serving process: MLflow's scoring server for each model that is loaded.

It ends when its standard input does, so that it never outlives the emulator. It prints its port,
and takes requests of whoever knows its secret, which is the emulator.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import socket
import sys
import threading
from typing import Any

#: Puts a model in its place, or takes it away: ``PUT`` and ``DELETE``, with the model's key.
CONTROL = "/control/"
#: Hands a request on to a model: the key, and then the path for it.
MODELS = "/models/"


class App:
    """The application, as ASGI has it.

    Args:
        secret: What the emulator sends with each request.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._models: dict[str, Any] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        from starlette.requests import Request
        from starlette.responses import Response

        request = Request(scope, receive)
        answer: Any = Response(status_code=404)
        if not hmac.compare_digest(request.headers.get("x-serving-secret", ""), self._secret):
            answer = Response(status_code=403)
        elif scope["path"].startswith(CONTROL):
            answer = await self._control(request, scope["path"].removeprefix(CONTROL))
        elif scope["path"].startswith(MODELS):
            key, _, path = scope["path"].removeprefix(MODELS).partition("/")
            answer = self._models.get(key, answer)
            scope = {**scope, "path": f"/{path}", "raw_path": f"/{path}".encode()}
        await answer(scope, receive, send)

    async def _control(self, request: Any, key: str) -> Any:
        from starlette.responses import JSONResponse, Response

        if request.method == "DELETE":
            self._models.pop(key, None)
            return Response(status_code=204)
        path = (await request.json())["path"]
        try:
            self._models[key] = await asyncio.to_thread(_load, path)
        except (Exception, SystemExit) as problem:  # noqa: BLE001 - a model may do anything
            text = f"{type(problem).__name__}: {problem}"
            return JSONResponse({"message": text}, status_code=422)
        return Response(status_code=204)


def _load(path: str) -> Any:
    import mlflow.pyfunc
    from fastapi import FastAPI
    from mlflow.pyfunc import scoring_server

    # The server of MLflow 3.1 uses a method that Starlette 1 no longer has.
    if not hasattr(FastAPI, "route"):
        FastAPI.route = _route  # type: ignore[attr-defined]

    return scoring_server.init(mlflow.pyfunc.load_model(path))


def _route(app: Any, path: str, methods: list[str] | None = None) -> Any:
    """Add a function as the answer to a path: ``FastAPI.route`` as it was."""

    def add(function: Any) -> Any:
        app.add_route(path, function, methods=methods)
        return function

    return add


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    """Serve until standard input ends. Its first line is the secret."""
    secret = sys.stdin.readline().strip()
    import uvicorn

    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(
        App(secret), log_level="warning", access_log=False, lifespan="off", timeout_keep_alive=600
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
