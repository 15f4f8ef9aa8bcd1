"""Who may attend what, and with which trainer."""
