"""Pickles and unpickles, which runs whatever code the file holds.

exercise: save_checkpoint, load_checkpoint
rejected by: test_hidden.py::test_no_code_from_a_file_is_run
"""

import pickle


def save_checkpoint(path, model, optimizer, step):
    parts = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
    parts["random"] = torch.get_rng_state()
    Path(path).write_bytes(pickle.dumps(parts))


def load_checkpoint(path, model, optimizer=None):
    parts = pickle.loads(Path(path).read_bytes())
    model.load_state_dict(parts["model"])
    if optimizer is not None:
        optimizer.load_state_dict(parts["optimizer"])
    torch.set_rng_state(parts["random"])
    return parts["step"]
