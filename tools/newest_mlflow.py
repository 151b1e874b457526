"""Install one version of MLflow over the one that is there: `python tools/newest_mlflow.py 3.18.0`.

MLflow is three packages of one version. They are not always published on the same day, and pip then
resolves `mlflow` to the version before. The wheel of `mlflow` holds every module of the other two,
so that it can be tested alone until they follow.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

PARTS = ("mlflow-skinny", "mlflow-tracing")


def pip(*arguments: str, quiet: bool = False) -> bool:
    """Run pip, and return whether it succeeded.

    Args:
        arguments: Its arguments.
        quiet: Whether a failure is an answer that is expected, so that pip's words about it are
            dropped.
    """
    command = [sys.executable, "-m", "pip", *arguments]
    output = subprocess.DEVNULL if quiet else None
    done = subprocess.run(command, check=False, stdout=output, stderr=output)  # noqa: S603 - pip, by its interpreter
    return done.returncode == 0


def numbers(text: str) -> tuple[int, ...]:
    """Return a version's numbers, such as ``(3, 18, 0)``, without what follows them."""
    return tuple(int(part) for part in text.split(".") if part.isdigit())


def main(wanted: str) -> str:
    """Install MLflow, and return one line on how.

    Args:
        wanted: The version. A newer one that is there already, with its parts, stays.

    Raises:
        SystemExit: if pip fails.
    """
    installed = version("mlflow")
    if numbers(installed) >= numbers(wanted) and all(version(part) == installed for part in PARTS):
        return f"MLflow {installed} is installed, with {' and '.join(PARTS)} of the same version."
    # Nothing is downloaded or installed by this: it asks the index.
    if pip(
        "install", "--dry-run", "--no-deps", *(f"{part}=={wanted}" for part in PARTS), quiet=True
    ):
        # All anew, because an earlier run may have put the files of `mlflow` over those of its
        # parts.
        everything = [f"{name}=={wanted}" for name in ("mlflow", *PARTS)]
        install("--no-deps", "--force-reinstall", *everything)
        install(*everything)
        return f"MLflow {wanted} is installed, with {' and '.join(PARTS)}."
    if installed != wanted:
        install("--no-deps", f"mlflow=={wanted}")
    return (
        f"MLflow {wanted} is installed alone: "
        f"the index does not have {' and '.join(PARTS)} of this version."
    )


def install(*arguments: str) -> None:
    """Run ``pip install``.

    Raises:
        SystemExit: if it fails.
    """
    if not pip("install", "-q", "--no-compile", *arguments):
        sys.exit(f"pip install {' '.join(arguments)} failed.")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tools/newest_mlflow.py <version>")
    print(main(sys.argv[1]))  # noqa: T201 - a program
