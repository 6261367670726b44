"""Has the two hidden sizes in the other order.

exercise: NeuralNetwork
rejected by: test_visible.py::test_number_of_parameters
"""


class NeuralNetwork(nn.Module):
    def __init__(self, num_inputs, num_outputs):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(num_inputs, 20),
            nn.ReLU(),
            nn.Linear(20, 30),
            nn.ReLU(),
            nn.Linear(30, num_outputs),
        )

    def forward(self, x):
        return self.layers(x)
