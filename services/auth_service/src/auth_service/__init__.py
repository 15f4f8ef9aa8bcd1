"""Who is who on the platform: sign-up, login, sessions, roles, invitations, organizations."""
