"""Appendix A: PyTorch in one sitting, from one gradient to training in several processes.

Gradients by autograd (logistic_gradients), a network (NeuralNetwork), its data (ToyDataset), the
loop that teaches it (train), how good it is (compute_accuracy), keeping it (save_model,
load_model), and the same loop in several processes at once (train_distributed). In shape comments
B is the batch.
"""

import contextlib
import math
import os
from collections.abc import Iterable, Iterator

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, Dataset
from torch.utils.data.distributed import DistributedSampler


def logistic_gradients(x: Tensor, w: Tensor, b: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Differentiate the loss of logistic regression by its weight and its bias, with autograd.

    The model predicts a = sigmoid(x * w + b); the loss is the binary cross-entropy of a and y,
    -(y log a + (1 - y) log(1 - a)). Calling twice gives the same answer twice.

    Args:
        x: The input, (1,) float.
        w: The weight, (1,) float. Like `b`, it may require gradients already or not; both stay as
            they are, and so do their `.grad`.
        b: The bias, (1,) float.
        y: The true class, 0.0 or 1.0, (1,) float.

    Returns:
        The derivatives (dw, db) of the loss, shapes of `w` and `b`.

    Example:
        For x = 1.1, w = 2.2, b = 0.0, y = 1.0 it is (tensor([-0.0898]), tensor([-0.0817])).

    References:
        Book A.3 and A.4.
    """
    ### BEGIN SOLUTION
    w, b = (tensor.detach().clone().requires_grad_() for tensor in (w, b))  # leaves of our own
    loss = F.binary_cross_entropy_with_logits(x * w + b, y)
    dw, db = torch.autograd.grad(loss, (w, b))
    return dw, db
    ### END SOLUTION


class NeuralNetwork(nn.Module):
    """A classifier with two hidden layers, of 30 and of 20 units.

    Three linear layers with biases, num_inputs to 30 to 20 to num_outputs, and a ReLU after each
    but the last. Nothing else is learned. How the layers are called is up to you; in the book they
    are one nn.Sequential, `layers`. They start with random weights.

    Args:
        num_inputs: Number of features of an example.
        num_outputs: Number of classes.

    Example:
        `NeuralNetwork(50, 3)` has 2,213 parameters, and `NeuralNetwork(2, 2)` has 752.

    References:
        Book A.5.
    """

    def __init__(self, num_inputs: int, num_outputs: int) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.layers = nn.Sequential(
            nn.Linear(num_inputs, 30),
            nn.ReLU(),
            nn.Linear(30, 20),
            nn.ReLU(),
            nn.Linear(20, num_outputs),
        )
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Score each class for each example.

        Args:
            x: Features, (B, num_inputs) float.

        Returns:
            Logits, (B, num_outputs) float: any numbers, not probabilities. The same in train and
            in eval mode.
        """
        ### BEGIN SOLUTION
        return self.layers(x)  # (B, num_outputs)
        ### END SOLUTION


class ToyDataset(Dataset):
    """Examples and their labels, as torch.utils.data.DataLoader wants them.

    Args:
        X: Features, (N, ...): one example for each index of the first dimension.
        y: Labels, (N,), in the same order.

    Example:
        With X = [[1.0, 2.0], [3.0, 4.0]] and y = [0, 1], `len(dataset)` is 2 and `dataset[1]` is
        (tensor([3., 4.]), tensor(1)).

    References:
        Book A.6.
    """

    def __init__(self, X: Tensor, y: Tensor) -> None:
        ### BEGIN SOLUTION
        self.features = X
        self.labels = y
        ### END SOLUTION

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """The features and the label of one example, as they are in X and y.

        Raises:
            IndexError: `index` is N or more; this is how a loop over the data set finds its end.
        """
        ### BEGIN SOLUTION
        return self.features[index], self.labels[index]
        ### END SOLUTION

    def __len__(self) -> int:
        """The number of examples, N."""
        ### BEGIN SOLUTION
        return len(self.labels)
        ### END SOLUTION


def train(
    model: nn.Module,
    loader: Iterable[tuple[Tensor, Tensor]],
    optimizer: torch.optim.Optimizer,
    num_epochs: int,
) -> list[float]:
    """Train a classifier: one step of the optimizer for each batch, `num_epochs` times over.

    The model is trained in train mode. The loss of a step is the cross-entropy of the logits and
    the labels, averaged over the batch; its gradients alone decide the step, not those of earlier
    ones.

    Args:
        model: Gives logits, (B, number of classes), for features, (B, ...). Changed in place.
        loader: Batches (features, labels), labels (B,) int64; B may differ from batch to batch.
            It is gone through once an epoch.
        optimizer: What makes the steps, with its own settings; it holds the model's parameters.
        num_epochs: How often the loader is gone through. 0 leaves the weights as they are.

    Returns:
        The loss of every step, computed before the step, in order: one float a step.

    Example:
        Three batches and num_epochs=2 give a list of 6 floats.

    References:
        Book A.7.
    """
    ### BEGIN SOLUTION
    model.train()
    losses = []
    for _ in range(num_epochs):
        for features, labels in loader:
            loss = F.cross_entropy(model(features), labels)  # a scalar, from (B, classes)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses
    ### END SOLUTION


### BEGIN SOLUTION
@contextlib.contextmanager
def _evaluation(model: nn.Module) -> Iterator[None]:
    """Eval mode, no gradients, and afterwards modes and random stream as they were."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        # A DataLoader draws a random number whenever a loop over it begins.
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            yield
    finally:
        for module, training in modes:
            module.training = training


### END SOLUTION


def compute_accuracy(model: nn.Module, dataloader: Iterable[tuple[Tensor, Tensor]]) -> float:
    """Count how many examples the model classifies correctly.

    The predicted class is the one with the largest logit. The model answers in eval mode, and has
    the mode that it came with afterwards; torch's random stream is left as it was, although a loop
    over a DataLoader draws from it.

    Args:
        model: Gives logits, (B, number of classes), for features, (B, ...).
        dataloader: Batches (features, labels), labels (B,) int64; B may differ from batch to
            batch.

    Returns:
        The share of all examples that is classified correctly, a float from 0 to 1; nan if there
        is no example.

    Example:
        With three examples right of four in one batch, and the only one of a second batch wrong,
        it is 3 / 5 = 0.6.

    References:
        Book A.7.
    """
    ### BEGIN SOLUTION
    correct = total = 0
    with _evaluation(model):
        for features, labels in dataloader:
            predicted = model(features).argmax(dim=1)  # (B,)
            correct += int((predicted == labels).sum())
            total += len(labels)
    return correct / total if total else math.nan
    ### END SOLUTION


def save_model(model: nn.Module, path: str | os.PathLike[str]) -> None:
    """Write a model's numbers to a file: its state dict, with torch.save.

    Only tensors and their names are stored, no Python object of yours, so that
    `torch.load(path, weights_only=True)` gives the state dict back.

    Args:
        model: Any module; left unchanged.
        path: The file; overwritten if it is there.

    Example:
        After `save_model(model, "model.pth")`, `torch.load("model.pth", weights_only=True)` has
        the keys of `model.state_dict()`.

    References:
        Book A.8.
    """
    ### BEGIN SOLUTION
    torch.save(model.state_dict(), path)
    ### END SOLUTION


def load_model(model: nn.Module, path: str | os.PathLike[str]) -> nn.Module:
    """Fill a model with the numbers of a file that `save_model` wrote.

    A file may come from anyone, and the pickle format in it can call any function while it is
    read. So nothing but tensors is accepted: a file that holds anything else raises, whatever the
    reader raises, runs nothing, and leaves `model` as it was.

    Args:
        model: A module of the same architecture, such as a new one. Changed in place: an optimizer
            that was made for it before still trains it.
        path: The file.

    Returns:
        `model` itself.

    Raises:
        RuntimeError: The names or the shapes in the file are not exactly those of `model`; this is
            what load_state_dict raises.

    Example:
        `load_model(NeuralNetwork(2, 2), "model.pth")` answers as the saved network did.

    References:
        Book A.8; "Warning" in the documentation of torch.load.
    """
    ### BEGIN SOLUTION
    model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return model
    ### END SOLUTION


def train_distributed(
    rank: int,
    world_size: int,
    num_epochs: int,
    model: nn.Module,
    dataset: Dataset[tuple[Tensor, Tensor]],
    optimizer: torch.optim.Optimizer,
    batch_size: int,
    backend: str = "gloo",
    init_method: str = "env://",
) -> list[float]:
    """Train one model in several processes, each of which calls this function with its own rank.

    Every process holds a copy of the model and, of each batch, works on its share of
    batch_size / world_size examples; DistributedDataParallel starts all copies with the weights of
    rank 0, and averages their gradients before each step. So any number of processes learn what
    one process learns on whole batches, up to rounding.

    Each epoch goes through the data in a new random order, which depends on the epoch alone, not
    on world_size or on torch's random stream (DistributedSampler does this, if it is told the
    epoch). No example comes twice in an epoch; a last batch that is not full is left out. Loss and
    mode are those of `train`.

    A process group is made first, and closed at the end, also if training raises.

    Args:
        rank: Number of this process, 0 to world_size - 1.
        world_size: Number of processes.
        num_epochs: How often all processes together go through the data.
        model: This process's copy, on the CPU. Changed in place.
        dataset: All examples, (features, label) each, with a length; the same in every process.
        optimizer: What makes the steps; holds the parameters of `model`.
        batch_size: Examples of a step in all processes together.
        backend: How processes talk; init_process_group takes it. "gloo" is for CPUs.
        init_method: Where they meet; init_process_group takes it. "env://" is what torchrun
            prepares, "file:///path" a file that is not there yet.

    Returns:
        The loss of every step, computed before the step, averaged over the whole batch (over all
        processes): the same list of floats in each process.

    Raises:
        ValueError: `batch_size` is not a multiple of `world_size`; the message gives both. No
            process group is made.

    Example:
        `torchrun --nproc-per-node=2 script.py` starts script.py twice, which calls
        `train_distributed(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]), ...)`. With
        7 examples, batch_size=2 and num_epochs=3 both get the same 9 losses.

    References:
        Book A.9.3; Li et al. 2020, "PyTorch Distributed: Experiences on Accelerating Data
        Parallel Training".
    """
    ### BEGIN SOLUTION
    if batch_size % world_size:
        raise ValueError(f"a batch of {batch_size} has no equal shares for {world_size} processes")
    dist.init_process_group(backend, init_method=init_method, rank=rank, world_size=world_size)
    try:
        sampler: DistributedSampler = DistributedSampler(dataset, world_size, rank, drop_last=True)
        loader = DataLoader(dataset, batch_size // world_size, sampler=sampler, drop_last=True)
        return _train_in_step(model, loader, sampler, optimizer, num_epochs, world_size)
    finally:
        dist.destroy_process_group()
    ### END SOLUTION


### BEGIN SOLUTION
def _train_in_step(
    model: nn.Module,
    loader: DataLoader[tuple[Tensor, Tensor]],
    sampler: DistributedSampler,
    optimizer: torch.optim.Optimizer,
    num_epochs: int,
    world_size: int,
) -> list[float]:
    # A function of its own, since the wrapper must be gone before the group is closed: the last
    # holder of a group waits for its threads, and as that one it would let no Python run meanwhile,
    # for which one of those threads may wait.
    copy = DistributedDataParallel(model).train()
    losses = []
    for epoch in range(num_epochs):
        sampler.set_epoch(epoch)
        for features, labels in loader:
            loss = F.cross_entropy(copy(features), labels)
            optimizer.zero_grad()
            loss.backward()  # averages the gradients of all processes
            optimizer.step()
            losses.append(_average(loss, world_size))
    return losses


def _average(loss: Tensor, world_size: int) -> float:
    total = loss.detach().clone()
    dist.all_reduce(total)
    return total.item() / world_size


### END SOLUTION
