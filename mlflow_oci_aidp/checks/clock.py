"""Step "clock": this machine's clock is near the service's."""

from __future__ import annotations

from mlflow_oci_aidp.checks.step import Case, StepFailed, StepSkipped
from mlflow_oci_aidp.clock_skew import ALLOWED_SKEW, clock_skew


def check(case: Case) -> str:
    """Compare this machine's time with the date of the endpoint's answer."""
    seconds = clock_skew(case.date, case.clock())
    if seconds is None:
        raise StepSkipped("the endpoint's answer has no date")
    if abs(seconds) > ALLOWED_SKEW:
        direction = "ahead of" if seconds > 0 else "behind"
        raise StepFailed(
            f"This machine's clock is {_span(abs(seconds))} {direction} the service's; OCI refuses "
            f"signatures that are more than {_span(ALLOWED_SKEW)} off.",
            "Set the clock, or let NTP set it (`timedatectl set-ntp true`; in a virtual machine, "
            "the host's).",
        )
    return f"{abs(seconds):.0f} s from the service's"


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.1f} hours"
