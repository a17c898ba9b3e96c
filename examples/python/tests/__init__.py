"""Tests of the package: `python -m unittest discover -t . -s tests` in this example's directory."""
