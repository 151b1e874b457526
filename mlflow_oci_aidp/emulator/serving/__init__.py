"""Deployed models, loaded and asked in a process of their own."""
