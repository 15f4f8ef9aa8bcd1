"""The whole Lyceum stack in one process, and the operator command `lyceum`."""
