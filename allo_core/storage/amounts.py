"""Amounts in words: bytes in decimal units, as disks and downloads are sold, and times."""

__all__ = ["amount", "gigabytes", "of_megabytes", "readable_time"]


def gigabytes(size: int) -> str:
    """Of memory: ``"2.6 GB"``, also below one GB, so that two amounts of a sentence can be compared."""
    return f"{size / 1e9:.1f} GB"


def amount(size: int) -> str:
    """Of disk space: ``"2.6 GB"`` from one GB up, below ``"93.2 MB"``."""
    return gigabytes(size) if size >= 1e9 else f"{size / 1e6:.1f} MB"


def of_megabytes(done: int, total: int) -> str:
    """How far a transfer has come: ``"12 of 345 MB"``."""
    return f"{done / 1e6:.0f} of {total / 1e6:.0f} MB"


def readable_time(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 1.5:
        return "about a second"
    return f"about {seconds:.0f} s" if seconds < 90 else f"about {seconds / 60:.0f} min"
