"""The commands: parse, call, print. The only package that prints or exits.

Nothing heavy is imported up here: `kata --help` and every command that does not compute starts
without torch. A module for each of its users; the order of the imports is that of the help.
"""

from . import learner, judging, making, models, classroom  # isort: skip
from .app import app, main

__all__ = ["app", "classroom", "judging", "learner", "main", "making", "models"]
