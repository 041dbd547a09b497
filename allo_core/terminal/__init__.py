"""The commands of ``python -m allo_core``, one a module."""
