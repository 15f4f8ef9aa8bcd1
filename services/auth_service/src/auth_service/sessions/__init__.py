"""Sign-ins: they begin with a password, live on by refresh tokens that are good once, and end for everybody at once."""
