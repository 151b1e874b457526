"""How each method of MLflow's stores is served: the lines of the tables of operations.

The tables themselves are beside the stores, in :py:mod:`mlflow_oci_aidp.registry.capabilities` and
:py:mod:`mlflow_oci_aidp.tracking.capabilities`. Code, tests and documentation read them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from mlflow_oci_aidp.errors import error, not_implemented

NATIVE, DERIVED, UNAVAILABLE = "native", "derived", "not available"


@dataclass(frozen=True)
class Capability:
    """One line of a table: a method of MLflow's store, and how it is served.

    Attributes:
        method: The name of the method.
        kind: :py:data:`NATIVE`, :py:data:`DERIVED` or :py:data:`UNAVAILABLE`.
        how: For a native method, the platform's call, by the name of MLflow's RPC. For a derived
            one, how it is made from such calls. For one that is not available, the missing feature,
            plural, for the error message: ``"Webhooks"``.
    """

    method: str
    kind: str
    how: str


def unavailable(features: Mapping[str, str]) -> tuple[Capability, ...]:
    """Return the lines of methods that the platform has nothing for.

    Args:
        features: By missing feature, named in the plural: the names of its methods, separated by
            blanks.
    """
    return tuple(
        Capability(method, UNAVAILABLE, feature)
        for feature, methods in features.items()
        for method in methods.split()
    )


def unavailable_features(capabilities: Iterable[Capability]) -> dict[str, tuple[str, ...]]:
    """Return the methods that are not available, by the feature that they belong to.

    Args:
        capabilities: The table of a store.
    """
    features: dict[str, tuple[str, ...]] = {}
    for line in capabilities:
        if line.kind == UNAVAILABLE:
            features[line.how] = (*features.get(line.how, ()), line.method)
    return features


def unsupported(feature: str) -> Callable[..., NoReturn]:
    """Return a method for a feature that the platform does not have.

    Args:
        feature: The name of the missing feature, plural, for the error message: ``"Webhooks"``.
    """

    def refuse(self: object, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise ``NOT_IMPLEMENTED`` immediately; no request is sent."""
        raise not_implemented(feature)

    return refuse


def unknown(method: str) -> Callable[..., NoReturn]:
    """Return a method for a call of a newer MLflow that no table of this package has.

    Args:
        method: The name of the method.
    """

    def refuse(self: object, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise ``NOT_IMPLEMENTED`` immediately; no request is sent."""
        from mlflow import __version__ as mlflow_version

        from mlflow_oci_aidp import __version__

        raise error(
            "NOT_IMPLEMENTED",
            f"MLflow {mlflow_version} calls {method!r}, "
            f"which mlflow-oci-aidp {__version__} does not know.",
            "Install a newer mlflow-oci-aidp, or use an MLflow server for this call.",
        )

    return refuse


def refuse_the_rest(store: type, interface: type, capabilities: Iterable[Capability]) -> None:
    """Give a store a method that raises ``NOT_IMPLEMENTED`` for each call that it does not serve.

    Without this, MLflow's own class would answer: with a ``NotImplementedError`` that says nothing,
    or with code that was written for another store. Properties of the interface stay as they are,
    because MLflow tests them for truth.

    Args:
        store: The store of this package.
        interface: The class of MLflow that says which methods a store has.
        capabilities: The table of the store. A method that is in no line is a newer MLflow's.
    """
    lines = {line.method: line for line in capabilities}
    missing = {method: line.how for method, line in lines.items() if line.kind == UNAVAILABLE}
    refusals = {method: unsupported(feature) for method, feature in missing.items()}
    for method in sorted(public_methods(interface) - lines.keys() - vars(store).keys()):
        refusals[method] = unknown(method)
    for method, refusal in refusals.items():
        refusal.__name__, refusal.__qualname__ = method, f"{store.__qualname__}.{method}"
        setattr(store, method, refusal)


def public_methods(interface: type) -> set[str]:
    """Return the names of the public methods of a class, without those of its properties."""
    return {
        name
        for name in dir(interface)
        if not name.startswith("_") and callable(getattr(interface, name))
    }
