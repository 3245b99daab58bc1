"""Shapes that recorded answers of the real service have, and what public reports tell of it: right rows, or a named failure.

Shapes only: no recorded value, sentence or code stands here.
"""
