"""Pictures with a known origin: bundled photographs."""
