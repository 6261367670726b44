"""Has no activation at all: three linear layers in a row are one.

exercise: NeuralNetwork
rejected by: test_visible.py::test_three_layers_with_relu_between
"""


class NeuralNetwork(nn.Module):
    def __init__(self, num_inputs, num_outputs):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(num_inputs, 30),
            nn.Linear(30, 20),
            nn.Linear(20, num_outputs),
        )

    def forward(self, x):
        return self.layers(x)
