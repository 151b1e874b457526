"""Find the operation for a verb and a path. Services state their routes as tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from ..contract.refusal import Refusal, not_found


@dataclass(frozen=True)
class Route:
    """Verb and path of one operation.

    Attributes:
        verb: The HTTP method.
        pattern: Regular expression of the whole path; its named groups are the path's parameters.
        name: Name of the operation, as faults and exchanges call it.
        is_upload: Whether the request's body is a file. Its signature need not cover the body's
            headers. Any other body is read whole, and the signature covers it.
    """

    verb: str
    pattern: re.Pattern[str]
    name: str
    is_upload: bool = False


@dataclass(frozen=True)
class RouteMatch:
    """A route, and the decoded parameters of a path by name.

    ``is_unicode`` is False if a parameter does not decode to UTF-8; the parameters are of no use
    then.
    """

    route: Route
    parameters: Mapping[str, str]
    is_unicode: bool = True


class RouteTable:
    """The routes of one service."""

    def __init__(
        self, routes: Iterable[Route], refuse: Callable[[list[str]], Refusal] | None = None
    ) -> None:
        """Keep the routes by verb.

        Args:
            routes: The routes. Of two that match one path, the first one counts.
            refuse: Makes the error for a request without a route, from the verbs that its path
                has routes for. By default 404, or 405 if there are such verbs.
        """
        self._by_verb: dict[str, list[Route]] = {}
        for route in routes:
            self._by_verb.setdefault(route.verb, []).append(route)
        self._refuse = refuse or _refuse

    @property
    def routes(self) -> list[Route]:
        """Every route."""
        return [route for routes in self._by_verb.values() for route in routes]

    def match(self, verb: str, path: str) -> RouteMatch | None:
        """Return the route of a request, or None if there is none."""
        for route in self._by_verb.get(verb, ()):
            match = route.pattern.fullmatch(path)
            if match:
                return _route_match(route, match.groupdict())
        return None

    def refusal(self, path: str) -> Refusal:
        """Make the error for a request whose path or verb has no route."""
        return self._refuse(sorted(verb for verb in self._by_verb if self.match(verb, path)))


def _route_match(route: Route, texts: Mapping[str, str]) -> RouteMatch:
    try:
        return RouteMatch(
            route, {name: unquote(text, errors="strict") for name, text in texts.items()}
        )
    except UnicodeDecodeError:
        return RouteMatch(route, dict.fromkeys(texts, ""), is_unicode=False)


def _refuse(verbs: list[str]) -> Refusal:
    if verbs:
        return Refusal(405, "MethodNotAllowed", f"Allowed here: {', '.join(verbs)}.")
    return not_found("There is no such operation.")
