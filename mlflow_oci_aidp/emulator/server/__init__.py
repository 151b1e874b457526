"""HTTP, signatures, faults and the record of exchanges: what every request passes through."""
