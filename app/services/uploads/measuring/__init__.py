"""Measuring models, in a process of its own: NumPy stays out of those that answer requests."""

TOO_COSTLY = 11  # its exit status
