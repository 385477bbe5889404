"""Blocks: the units of work a pipeline is made of, and how they are found."""
