"""Starts with weights that are all zero: every unit of a layer stays like its neighbours.

exercise: NeuralNetwork
rejected by: test_hidden.py::test_networks_start_with_random_weights
"""


class NeuralNetwork(nn.Module):
    def __init__(self, num_inputs, num_outputs):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(num_inputs, 30),
            nn.ReLU(),
            nn.Linear(30, 20),
            nn.ReLU(),
            nn.Linear(20, num_outputs),
        )
        for parameter in self.parameters():
            nn.init.zeros_(parameter)

    def forward(self, x):
        return self.layers(x)
