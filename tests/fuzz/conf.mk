# Fuzz targets of conf: see local.mk.
