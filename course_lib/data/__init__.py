"""Pictures with a known origin: bundled photographs and scenes with exact truth."""
