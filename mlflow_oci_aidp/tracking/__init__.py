"""MLflow's tracking store: experiments, runs and logged models in a workspace."""
