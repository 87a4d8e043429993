# Fuzz targets of net: see local.mk.
