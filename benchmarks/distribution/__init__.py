"""How long a publish takes to be served by a hundred connected processes."""
