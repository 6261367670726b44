"""The grader of LLM Kata: runs suites on code that it does not trust.

Nothing is imported here, so that every command starts at once.
"""

__version__ = "0.1.0"
