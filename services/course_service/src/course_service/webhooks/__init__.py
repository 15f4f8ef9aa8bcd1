"""What payment providers tell: stored, acknowledged, acted upon until it is done."""
