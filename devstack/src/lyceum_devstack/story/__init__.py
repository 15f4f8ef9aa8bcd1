"""`lyceum demo`: a day at the school over HTTP, as the people in it see it, then checked."""
