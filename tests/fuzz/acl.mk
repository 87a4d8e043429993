# Fuzz targets of acl: see local.mk.
