"""What a learner meets: progress and comparison with the reference."""
