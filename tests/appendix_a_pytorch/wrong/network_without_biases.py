"""Leaves out the biases of the hidden layers.

exercise: NeuralNetwork
rejected by: test_visible.py::test_number_of_parameters
"""


class NeuralNetwork(nn.Module):
    def __init__(self, num_inputs, num_outputs):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(num_inputs, 30, bias=False),
            nn.ReLU(),
            nn.Linear(30, 20, bias=False),
            nn.ReLU(),
            nn.Linear(20, num_outputs),
        )

    def forward(self, x):
        return self.layers(x)
