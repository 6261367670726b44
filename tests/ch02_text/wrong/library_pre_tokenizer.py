"""Leaves the work to the library tokenizers.

exercise: pre_tokenize
rejected by: test_visible.py::test_pre_tokenize_is_written_from_scratch
"""


def pre_tokenize(text):
    from tokenizers.pre_tokenizers import ByteLevel

    spans = ByteLevel(add_prefix_space=False).pre_tokenize_str(text)
    return [text[start:end] for _, (start, end) in spans]
