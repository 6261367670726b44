"""Has no ReLU after the second layer.

exercise: NeuralNetwork
rejected by: test_hidden.py::test_network_is_that_of_the_book
"""


class NeuralNetwork(nn.Module):
    def __init__(self, num_inputs, num_outputs):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(num_inputs, 30),
            nn.ReLU(),
            nn.Linear(30, 20),
            nn.Linear(20, num_outputs),
        )

    def forward(self, x):
        return self.layers(x)
