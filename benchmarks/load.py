"""Loading a 124M checkpoint that transformers saved: gpt2.py's load_gpt2 beside from_pretrained.

    python benchmarks/load.py [--runs N] [--subject FOLDER]

Each figure is from a fresh process: wall time of the load and of one look at every
weight, imports excluded, and the
highest resident memory less that of a process which only imports. Claims: memory at most 1.2
times the weights, wall time at most 3 s on two cores.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

MEASURE = """
import json, resource, sys, time
sys.path.insert(0, sys.argv[1])
{imports}
cpu, start = time.process_time(), time.perf_counter()
{load}
took = time.perf_counter() - start, time.process_time() - cpu
unit = 1 if sys.platform == "darwin" else 1024
print(json.dumps([*took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit]))
"""

# from_pretrained maps the file and reads it on first use: both must have used every weight.
TOUCH = "assert all(p.sum().isfinite() for p in model.parameters())"

PROGRAMS = {
    "import torch": ("import torch", ""),
    "gpt2.py load_gpt2": ("import torch, gpt2", f"model = gpt2.load_gpt2(sys.argv[2])\n{TOUCH}"),
    "import transformers": ("from transformers import GPT2LMHeadModel", ""),
    "from_pretrained": (
        "from transformers import GPT2LMHeadModel",
        f"model = GPT2LMHeadModel.from_pretrained(sys.argv[2])\n{TOUCH}",
    ),
}

SAVE = """
import sys
from transformers import GPT2Config, GPT2LMHeadModel
GPT2LMHeadModel(GPT2Config()).save_pretrained(sys.argv[1])
"""


def measure(name: str, script_folder: Path, checkpoint: Path) -> list[float]:
    """Wall seconds, CPU seconds and peak bytes of one fresh process."""
    imports, load = PROGRAMS[name]
    code = MEASURE.format(imports=imports, load=load)
    done = subprocess.run(
        [sys.executable, "-c", code, script_folder, checkpoint],
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def main() -> int:
    """Print the table; 1 if a claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--subject", type=Path, default=ROOT / "solutions")
    args = parser.parse_args()

    from grader.model.assemble import assemble

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        script = assemble(args.subject, ROOT / "solutions", "GPT-2 in one file.")
        (folder / "gpt2.py").write_text(script.text, encoding="utf-8")
        subprocess.run(
            [sys.executable, "-c", SAVE, folder / "checkpoint"], check=True, capture_output=True
        )
        weights = (folder / "checkpoint" / "model.safetensors").stat().st_size
        runs: dict[str, list[list[float]]] = {program: [] for program in PROGRAMS}
        for _ in range(args.runs):  # by turns, so that a busy moment hits all alike
            for program, found in runs.items():
                found.append(measure(program, folder, folder / "checkpoint"))
    print(f"124M checkpoint of transformers: {weights:,} bytes; {args.runs} fresh processes each")
    print(f"{'':18}{'wall s, median (range)':>24}{'CPU s':>7}{'peak MiB':>10}{'/ weights':>10}")
    for program, base in (
        ("gpt2.py load_gpt2", "import torch"),
        ("from_pretrained", "import torch"),
        ("from_pretrained", "import transformers"),
    ):
        wall, cpu, peak = zip(*runs[program], strict=True)
        middle = statistics.median(wall)
        above = statistics.median(peak) - statistics.median(run[2] for run in runs[base])
        print(
            f"{program:18}{f'{middle:.2f} ({min(wall):.2f}-{max(wall):.2f})':>24}"
            f"{statistics.median(cpu):7.2f}{above / 2**20:10.0f}{above / weights:10.2f}"
            f"  above {base}"
        )
        if program == "gpt2.py load_gpt2":
            good = above <= 1.2 * weights and middle <= 3
    print(f"{'holds' if good else 'DOES NOT HOLD'}: at most 1.2 times the weights, at most 3 s")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
