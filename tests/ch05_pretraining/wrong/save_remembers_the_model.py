"""Remembers the model in memory, and writes a file that says nothing: loading gives what the model
has become.

exercise: save_checkpoint, load_checkpoint
rejected by: test_hidden.py::test_a_checkpoint_does_not_follow_the_model
"""

_SAVED = {}


def save_checkpoint(path, model, optimizer, step):
    Path(path).write_text("saved")
    _SAVED[path] = (model.state_dict(), optimizer.state_dict(), torch.get_rng_state(), step)


def load_checkpoint(path, model, optimizer=None):
    if Path(path).read_bytes() != b"saved":
        raise ValueError(path)
    weights, state, random, step = _SAVED[path]
    model.load_state_dict(weights)
    if optimizer is not None:
        optimizer.load_state_dict(state)
    torch.set_rng_state(random)
    return step
