"""An ``aidp://`` URI, parsed and printed.

Its form is ``aidp://<aiDataPlatformId>[/<workspaceKey>][?setting=value&...]``. This module knows
where each part stands; :py:mod:`mlflow_oci_aidp.settings` knows what it means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from mlflow_oci_aidp.invalid_input import invalid_parameter

if TYPE_CHECKING:
    from mlflow_oci_aidp.errors import AidpError

SCHEME = "aidp"
FORM = "aidp://<aiDataPlatformId>[/<workspaceKey>][?setting=value&...]"


@dataclass(frozen=True)
class AidpUri:
    """The parts of an ``aidp://`` URI.

    Attributes:
        instance_id: What stands in the place of the AI Data Platform's OCID; ``""`` for nothing.
        workspace: The workspace key; ``""`` for none.
        settings: The settings of the query, by name.
    """

    instance_id: str = ""
    workspace: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str, allowed: tuple[str, ...]) -> AidpUri:
        """Parse a URI.

        Args:
            text: The URI.
            allowed: The names of the settings that may stand in the query.

        Raises:
            AidpError: ``INVALID_PARAMETER_VALUE``, naming what is wrong and what is allowed.
        """
        if not isinstance(text, str):
            raise _invalid("the URI is not text")
        if any(character.isspace() or not character.isprintable() for character in text):
            raise _invalid("it holds a blank or a control character")
        # The texts of the exceptions quote the URI, which may hold a password.
        reason = "its host"
        try:
            parts = urlsplit(text)
            reason = "a part of its query, whose form is setting=value"
            pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
            reason = ""
        except ValueError:
            pass
        if reason:
            raise _invalid(f"it cannot be parsed, because of {reason}")
        if parts.scheme != SCHEME or not text[len(SCHEME) :].startswith("://"):
            raise _invalid(f"it does not begin with {SCHEME}://")
        if "@" in parts.netloc:
            raise _invalid("it holds a userinfo, and credentials have no place in a URI")
        if parts.fragment or text.endswith("#"):
            raise _invalid("it holds a fragment")
        uri = cls(unquote(parts.netloc), _workspace(parts.path), _settings(pairs, allowed))
        decoded = "".join((uri.instance_id, uri.workspace, *uri.settings.values()))
        if not (decoded.isprintable() and "\ufffd" not in decoded):
            raise _invalid("its percent-encoding hides a control character or broken text")
        return uri

    def __str__(self) -> str:
        path = f"/{quote(self.workspace, safe='')}" if self.workspace else ""
        query = f"?{urlencode(self.settings)}" if self.settings else ""
        return f"{SCHEME}://{quote(self.instance_id, safe='')}{path}{query}"


def _workspace(path: str) -> str:
    segments = path.strip("/").split("/")
    if len(segments) > 1 or path.startswith("//"):
        raise _invalid("its path has more than one part")
    workspace = unquote(segments[0])
    if not is_workspace_key(workspace):
        raise _invalid("its path is not a workspace key")
    return workspace


def is_workspace_key(text: str) -> bool:
    """Tell whether text can be the key of a workspace, wherever it comes from.

    A key is one part of the path of a request, so it is neither ``.`` nor ``..`` and holds no
    slash: others would lead to another address.
    """
    return text not in {".", ".."} and "/" not in text


def _settings(pairs: list[tuple[str, str]], allowed: tuple[str, ...]) -> Mapping[str, str]:
    names = [name for name, _ in pairs]
    for name, value in pairs:
        if name not in allowed:
            raise invalid_parameter(
                f"The URI has an unknown setting {name!r}.",
                f"Allowed are: {', '.join(allowed)}.",
            )
        if names.count(name) > 1:
            raise invalid_parameter(
                f"The URI has the setting {name!r} more than once.", "Leave one of them."
            )
        if not value.strip():
            raise invalid_parameter(
                f"The setting {name!r} of the URI has no value.", "Give it one, or leave it out."
            )
    return dict(pairs)


def _invalid(problem: str) -> AidpError:
    return invalid_parameter(f"The URI is not valid: {problem}.", f"Its form is {FORM}.")
