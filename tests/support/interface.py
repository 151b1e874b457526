"""What a class of MLflow asks of a store."""

from __future__ import annotations

from mlflow.exceptions import MlflowException


def public_names(interface):
    """The public methods and properties of a class."""
    return {name for name in dir(interface) if not name.startswith("_")}


def abstract_methods(store):
    """The methods of a class that nobody has written."""
    return {
        name
        for name in public_names(store)
        if getattr(getattr(store, name), "__isabstractmethod__", False)
    }


def refusal(method):
    """The code and the first sentence of the error that a method raises; None if it raises none."""
    try:
        method()
    except MlflowException as problem:
        return f"{problem.error_code}: {problem.message.partition('. ')[0]}."
    return None
