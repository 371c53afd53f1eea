"""Indexes for what every tick asks: which surfaces there are, and which launches are in a state."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the indexes."""
    op.create_index("releases_by_number", "releases", ["number", "surface"])
    op.create_index("launches_by_state", "launches", ["state"])
