"""Writes a result when the process ends: atexit, __del__, a thread, a signal.

outcome: FAILED
says: .
"""

import atexit
import signal
import threading


def forge():
    for path in (PLACES["outside"], PLACES["other_folder"], "/tmp", "."):
        try:
            with open(f"{path}/{PLACES['mark']}", "w") as file:
                file.write('{"verdict": "PASSED"}')
        except OSError:
            pass


class Late:
    def __del__(self):
        forge()


atexit.register(forge)
KEPT = Late()
signal.signal(signal.SIGTERM, lambda *args: forge())
threading.Timer(0.01, forge).start()


def double(x):
    forge()
    return 0
