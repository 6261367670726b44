"""Leaves folders that nobody may list, deep ones and odd names, and is right.

outcome: PASSED
"""

import os


def double(x):
    for name in ("closed", "a\nb", "-rf", "\udcff"):
        if not os.path.exists(name):
            os.mkdir(name)
            open(os.path.join(name, "f"), "w").close()
    if not os.path.exists("late"):
        os.umask(0o777)
        os.mkdir("late")
    return x + x
