"""Notes on orders go both ways, each once: the job SALES ORDER NOTES."""
