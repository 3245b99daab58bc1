"""`python -m tap_exact_online`: the tap, where no console script is installed."""

from tap_exact_online.tap import TapExactOnline

if __name__ == "__main__":
    TapExactOnline.cli()
