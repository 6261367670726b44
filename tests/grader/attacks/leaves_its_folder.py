"""Goes out of its folder by `..`, by a descriptor, and by a folder that was moved.

outcome: FAILED
says: wrote: 0
"""

import os


def double(x):
    wrote = 0
    for path in (
        f"../{PLACES['mark']}",
        f"../../{PLACES['mark']}",
        f"{PLACES['outside']}/{PLACES['mark']}",
        f"/tmp/{PLACES['mark']}",
        f"/dev/shm/{PLACES['mark']}",
        f"/var/tmp/{PLACES['mark']}",
    ):
        try:
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
            wrote += 1
        except OSError:
            pass
    for call in (
        lambda: os.truncate(PLACES["outside"] + "/kept.txt", 0),
        lambda: os.unlink(PLACES["outside"] + "/kept.txt"),
        lambda: os.chmod(PLACES["outside"], 0),
        lambda: os.utime(PLACES["outside"] + "/kept.txt"),
        lambda: os.rename(".", PLACES["outside"] + "/" + PLACES["mark"]),
        lambda: os.setxattr(PLACES["outside"] + "/kept.txt", "user.x", b"x"),
        lambda: os.chown(PLACES["outside"] + "/kept.txt", 1, 1),
    ):
        try:
            call()
            wrote += 1
        except OSError:
            pass
    raise ValueError(f"wrote: {wrote}")
