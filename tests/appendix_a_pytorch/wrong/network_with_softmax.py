"""Ends with a softmax: returns probabilities, not logits.

exercise: NeuralNetwork
rejected by: test_visible.py::test_three_layers_with_relu_between
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
            nn.Softmax(dim=1),
        )

    def forward(self, x):
        return self.layers(x)
