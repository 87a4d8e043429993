# Fuzz targets of log: see local.mk.
