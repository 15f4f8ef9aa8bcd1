"""How every service of the platform speaks HTTP."""
