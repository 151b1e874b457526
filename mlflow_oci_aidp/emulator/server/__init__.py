"""The rooms that every request passes through: HTTP, signatures, faults, records."""
