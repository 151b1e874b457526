"""The same calls on this package and on MLflow's own server, with the same results."""
