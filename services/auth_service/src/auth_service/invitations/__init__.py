"""Invitations: the way to every role but the student's. Good once, for one address, as long as the inviter may."""
