"""The History window: a grid of which only what is in sight exists, what it reads, and what is done with an edit."""
