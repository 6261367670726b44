"""Raises GeneratorExit and StopIteration, which would end the judge's own loops.

outcome: FAILED
says: GeneratorExit
"""


def double(x):
    raise GeneratorExit
