"""What all programs of the platform share: how they read settings, log, wait for servers and heed signals.

Each module is imported by its own name: `lyceum_program.signals` has to be there before anything slow is loaded.
"""
