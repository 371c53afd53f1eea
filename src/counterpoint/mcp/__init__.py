"""MCP: the tools by which an outside agent goes from a hypothesis to a running experiment."""

from counterpoint.mcp.server import create_mcp
from counterpoint.mcp.transport import PATH, Endpoint, actor_named, open_endpoint, serve_stdio

__all__ = ["PATH", "Endpoint", "actor_named", "create_mcp", "open_endpoint", "serve_stdio"]
