"""What the allocation worker tells, so that students see their trainer, or that they wait."""
