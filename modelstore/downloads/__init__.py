"""A model's files on their way out: to its owner, from the bucket, to other places that serve it."""
