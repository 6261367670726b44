"""The milestones of the book as runs: pretrain, classify, instruct."""
