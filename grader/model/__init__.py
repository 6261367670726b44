"""The full-size model from a subject: configs, weights, assembling, generating."""
