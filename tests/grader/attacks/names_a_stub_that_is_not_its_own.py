"""Says that another exercise is not written yet, so that the test is skipped and not failed.

outcome: FAILED
says: not written yet: ch01_demo.double|NotImplementedError
"""


def double(x):
    raise NotImplementedError("ch01_demo.double")
