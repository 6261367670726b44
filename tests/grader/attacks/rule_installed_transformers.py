"""Takes the function from the transformers that are installed for the tests' oracles.

outcome: FAILED
exercise: gelu
says: rule 'gelu'
"""


def gelu(x):
    from transformers.activations import GELUActivation

    return GELUActivation()(x)
