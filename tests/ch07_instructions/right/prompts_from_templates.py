"""Fills templates once, so that braces in the texts do no harm.

exercise: format_input, format_input_phi3
"""

import string

ALPACA = string.Template(
    "Below is an instruction that describes a task. Write a response that appropriately "
    "completes the request.\n\n### Instruction:\n$instruction"
)
WITH_INPUT = string.Template(ALPACA.template + "\n\n### Input:\n$input")


def format_input(entry):
    return (WITH_INPUT if entry["input"] != "" else ALPACA).substitute(entry)


def format_input_phi3(entry):
    template = "<|user|>\n{instruction}\n{input}" if entry["input"] else "<|user|>\n{instruction}"
    return template.format_map(entry)
