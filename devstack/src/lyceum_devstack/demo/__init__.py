"""`lyceum demo`: a day at the school, played through the real worker, then checked."""
