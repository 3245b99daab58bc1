"""The front door: `tap-exact-online`, and `python -m tap_exact_online` where no console script is installed."""

from __future__ import annotations

import gc


def main() -> None:
    """Run the tap."""
    # What is imported stays: searching it for garbage, then and in the run, takes a fifth of the start.
    gc.disable()
    from tap_exact_online.tap import TapExactOnline  # noqa: PLC0415

    gc.freeze()
    gc.enable()
    TapExactOnline.cli()


if __name__ == "__main__":
    main()
