"""The tiny milestones, as a learner runs them: how long they take, and what is learned.

Claims: each takes under two minutes on two cores; the loss falls by half; the classifier beats
the majority class clearly on held-out messages; instructed, the model keeps the form.
"""

import tempfile
from pathlib import Path

from grader.course import load_course
from grader.train.milestone import TASKS, reach

ROOT = Path(__file__).resolve().parent.parent


def main():
    """Print a line for each milestone."""
    course = load_course(ROOT / "exercises" / "course.toml")
    with tempfile.TemporaryDirectory() as folder:
        for task in TASKS:
            out = Path(folder) / task
            made = reach(task, course, ROOT, subject=ROOT / "solutions", out=out)
            result = made.result
            if task == "classify":
                before, after = result["accuracy_before"], result["accuracy_after"]
                words = f"held-out accuracy {before:.3f} -> {after:.3f}, "
                words += f"majority {result['majority']:.3f}"
                good = after > result["majority"] + 0.2
            else:
                before, after = result["first"]["train_loss"], result["last"]["train_loss"]
                words = f"training loss {before:.2f} -> {after:.2f}"
                good = after < before / 2
            if task == "instruct":
                share = result["followed_after"]
                words += f", right form {result['followed_before']:.2f} -> {share:.2f}"
                good = good and share > result["followed_before"] + 0.3
            good = good and made.seconds < 120
            print(f"{task}: {made.seconds:.0f} s, {words}: {'holds' if good else 'DOES NOT HOLD'}")


if __name__ == "__main__":
    main()
