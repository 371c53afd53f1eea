"""Storage: adapters of the ports that other rooms declare; each inner room is a door of its own."""

__all__: list[str] = []
