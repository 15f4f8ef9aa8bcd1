"""Who talks with whom, and how far each has read."""
