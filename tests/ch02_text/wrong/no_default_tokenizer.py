"""Has characters for tokens where no tokenizer is given.

exercise: create_dataloader_v1
rejected by: test_hidden.py::test_defaults_and_gpt2
"""

from torch.utils.data import DataLoader


def create_dataloader_v1(
    txt,
    batch_size=4,
    max_length=256,
    stride=128,
    shuffle=True,
    drop_last=True,
    num_workers=0,
    tokenizer=None,
):
    if tokenizer is None:

        class Characters:
            def encode(self, text, allowed_special=()):
                return [ord(character) for character in text]

        tokenizer = Characters()
    data = GPTDatasetV1(txt, tokenizer, max_length, stride)
    return DataLoader(
        data, batch_size=batch_size, shuffle=shuffle, drop_last=drop_last, num_workers=num_workers
    )
