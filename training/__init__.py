"""Training: how what the platform ships learned was taught; nothing here is imported by the platform."""
