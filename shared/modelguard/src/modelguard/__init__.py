"""Register each mongoengine model once, provably."""
