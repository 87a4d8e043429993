# One check program for each folder. A folder's fragment lists its suites.
# A program links its folder's library and those of lower layers, from the top down.
unit_libs = $(cuttle_external_libs) $(CHECK_LIBS)
if HAVE_CHECK
include tests/unit/base.mk
include tests/unit/http.mk
include tests/unit/conf.mk
include tests/unit/loop.mk
include tests/unit/acl.mk
include tests/unit/net.mk
include tests/unit/cache.mk
include tests/unit/disk.mk
include tests/unit/error.mk
include tests/unit/header.mk
include tests/unit/log.mk
include tests/unit/peer.mk
include tests/unit/proxy.mk
include tests/unit/admin.mk
include tests/unit/daemon.mk
endif
