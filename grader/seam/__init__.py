"""Where the judge and the code it judges meet: values, worker, nursery, sandbox."""
