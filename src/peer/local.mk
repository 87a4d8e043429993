noinst_LIBRARIES += src/peer/libpeer.a
src_peer_libpeer_a_SOURCES = \
	src/peer/directives.tbl.h \
	src/peer/outgoing.c src/peer/outgoing.h \
	src/peer/peer_conf.c src/peer/peer_conf.h
