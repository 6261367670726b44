"""Building the full-size model: time, memory and disk by size.

    python benchmarks/build.py [--subject FOLDER] [SIZE ...]

Each build draws its weights from a seed and runs in a fresh process. Memory is the highest that
was resident in the process that runs the chapters plus that of the one that waits for it. Claim:
1558M builds within 14 GiB.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIMIT = 14 * 2**30

BUILD = """
import json, resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from grader.model.build import build
report = build(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[1], "solutions"), Path(sys.argv[4]))
size = sum(p.stat().st_size for p in report.folder.iterdir())
unit = 1 if sys.platform == "darwin" else 1024
own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
child = resource.getrusage(resource.RUSAGE_CHILDREN)
cpu = child.ru_utime + child.ru_stime
print(json.dumps([report.seconds, cpu, report.parameters, child.ru_maxrss * unit, own, size]))
"""


def main() -> int:
    """Print the table; 1 if the claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", nargs="*", default=["124M", "355M"], metavar="SIZE")
    parser.add_argument("--subject", type=Path, default=ROOT / "solutions")
    args = parser.parse_args()
    good = True
    print(
        f"{'size':6} {'parameters':>14} {'wall s':>7} {'CPU s':>7} {'peak GiB':>9} {'disk GB':>8}"
    )
    for size in args.sizes:
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [sys.executable, "-c", BUILD, ROOT, size, args.subject, Path(folder) / "model"],
                check=True,
                stdout=subprocess.PIPE,
            )
        seconds, cpu, parameters, child, own, disk = json.loads(done.stdout)
        good = good and child + own <= LIMIT
        print(
            f"{size:6} {parameters:14,} {seconds:7.1f} {cpu:7.1f} "
            f"{(child + own) / 2**30:9.2f} {disk / 1e9:8.2f}",
            flush=True,
        )
    print(f"{'holds' if good else 'DOES NOT HOLD'}: within {LIMIT / 2**30:.0f} GiB")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
