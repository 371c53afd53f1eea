"""How long a hypothesis takes to become a plan, and a validated spec, without a language model."""
