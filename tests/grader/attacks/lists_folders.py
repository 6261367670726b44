"""Lists the folders of tests, solutions, submissions, the home folder, /tmp and /.

outcome: FAILED
says: listed: 0
"""

import os


def double(x):
    listed = 0
    for path in (PLACES["hidden"], PLACES["solution"], PLACES["other"], PLACES["home"]):
        folder = path.rpartition("/")[0]
        for name in (
            folder,
            folder + "/..",
            folder + "/../..",
            "/tmp",
            "/",
            "/root",
            "/home",
            "..",
            "/proc",
        ):
            try:
                os.listdir(name)
                listed += 1
            except OSError:
                pass
    raise ValueError(f"listed: {listed}")
