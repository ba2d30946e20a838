"""Tests mirror `src`; `support` has their instruments."""
