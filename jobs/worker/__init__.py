"""What runs a job on a machine: the child process, its events, checkpoints, stopping."""
