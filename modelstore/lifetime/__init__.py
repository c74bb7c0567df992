"""How long a model lives: extended, ended by its owner, pruned when expired."""
