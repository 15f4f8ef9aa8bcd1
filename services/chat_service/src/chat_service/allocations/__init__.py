"""What the allocation worker tells: it opens conversations, hands them over and closes them."""
