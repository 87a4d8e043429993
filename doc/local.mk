EXTRA_DIST += doc/configuration.md
