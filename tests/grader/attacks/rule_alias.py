"""Uses the closed function under other names.

outcome: FAILED
exercise: gelu
says: rule 'gelu'
"""

from torch.nn.functional import gelu as mine

gelu = mine
