"""The reference of train_distributed, with "gloo" and in real processes that torchrun starts.

A worker may open no socket, so the suite judges a submission with torch's own stand-in for
"gloo", whose ranks are threads. Here real processes talk to each other.
"""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

REFERENCE = Path(__file__).resolve().parents[2] / "solutions" / "appendix_a_pytorch.py"

# What each process runs: it trains, and writes its losses and its weights to a file.
SCRIPT = """
import importlib.util
import json
import os
import sys

import torch


def train(path, rank, world_size, **settings):
    spec = importlib.util.spec_from_file_location("appendix_a_pytorch", path)
    chapter = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(chapter)
    X = torch.randn(23, 2, generator=torch.Generator().manual_seed(1))
    y = (X[:, 0] * X[:, 1] > 0).long()
    torch.manual_seed(rank)  # each process begins with weights of its own
    model = chapter.NeuralNetwork(2, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
    data = chapter.ToyDataset(X, y)
    losses = chapter.train_distributed(rank, world_size, 3, model, data, optimizer, 6, **settings)
    weights = torch.cat([p.flatten() for p in model.parameters()])
    return {"losses": losses, "weights": weights.tolist()}


if __name__ == "__main__":
    rank = int(os.environ["RANK"])
    found = train(sys.argv[1], rank, int(os.environ["WORLD_SIZE"]))
    with open(os.path.join(sys.argv[2], f"{rank}.json"), "w") as file:
        json.dump(found, file)
"""


@pytest.mark.skipif(
    not (torch.distributed.is_available() and torch.distributed.is_gloo_available()),
    reason="this torch has no gloo",
)
def test_two_processes_learn_what_one_learns(tmp_path):
    """Two processes of torchrun end with the losses and the weights of one."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("script", script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    alone = module.train(str(REFERENCE), 0, 1, init_method=(tmp_path / "store").as_uri())
    assert len(alone["losses"]) == 9, "3 epochs of 3 whole batches of 23 examples"
    assert alone["losses"][-1] < alone["losses"][0]

    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command = [*torchrun, "--nproc-per-node=2", str(script), str(REFERENCE), str(tmp_path)]
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    for rank in 0, 1:
        found = json.loads((tmp_path / f"{rank}.json").read_text())
        for key in "losses", "weights":
            torch.testing.assert_close(torch.tensor(found[key]), torch.tensor(alone[key]))
