"""The built-in blocks, one per module, found the same way as everybody else's."""
