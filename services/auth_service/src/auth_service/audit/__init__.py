"""The record of security acts: written once each, changed never."""
