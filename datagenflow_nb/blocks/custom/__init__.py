"""Blocks on trial: found like the built-in ones, but their names and options may still change."""
