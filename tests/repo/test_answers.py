"""Wrong answers are wrong, and right alternatives right, for the reason that they give."""

import subprocess
import sys
from pathlib import Path

from grader.overlay import overlay

ROOT = Path(__file__).resolve().parents[2]


def test_no_answer_uses_a_name_that_is_not_there(tmp_path):
    """A wrong answer that ends in a NameError is rejected by every test, and proves nothing."""
    count = 0
    for solution in sorted((ROOT / "solutions").glob("*.py")):
        reference = solution.read_text(encoding="utf-8")
        for kind in ("wrong", "right"):
            for path in sorted((ROOT / "tests" / solution.stem / kind).glob("*.py")):
                text = overlay(reference, path.read_text(encoding="utf-8"))
                laid = tmp_path / f"{solution.stem}-{kind}-{path.stem}.py"
                laid.write_text(text, encoding="utf-8")
                count += 1
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F821"]
    done = subprocess.run(
        [*command, "--output-format", "concise", str(tmp_path)], capture_output=True, text=True
    )
    assert count > 1000
    assert done.returncode == 0, done.stdout + done.stderr
