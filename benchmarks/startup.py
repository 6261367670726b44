"""Commands that do not compute, as whole processes, beside `import torch`.

Claim: `kata --help` takes under 0.3 s and imports no torch.
"""

import statistics
import subprocess
import sys
import time

RUNS = 7
COMMANDS = {
    "kata --help": ["-m", "grader", "--help"],
    "kata status": ["-m", "grader", "status"],
    "import torch": ["-c", "import torch"],
}


def main():
    """Print the median time of each."""
    for name, arguments in COMMANDS.items():
        times = []
        for _ in range(RUNS):
            begun = time.perf_counter()
            subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
            times.append(time.perf_counter() - begun)
        print(f"{name:14} {statistics.median(times):.3f} s (median of {RUNS})")


if __name__ == "__main__":
    main()
