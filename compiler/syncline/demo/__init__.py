"""A demonstration that needs no server of anybody's: `python -m syncline.demo`."""
