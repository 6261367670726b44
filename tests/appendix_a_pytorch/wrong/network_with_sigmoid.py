"""Uses the sigmoid for the ReLU.

exercise: NeuralNetwork
rejected by: test_hidden.py::test_every_weight_is_learned
"""


class NeuralNetwork(nn.Module):
    def __init__(self, num_inputs, num_outputs):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(num_inputs, 30),
            nn.Sigmoid(),
            nn.Linear(30, 20),
            nn.Sigmoid(),
            nn.Linear(20, num_outputs),
        )

    def forward(self, x):
        return self.layers(x)
