noinst_LIBRARIES += src/peer/libpeer.a
src_peer_libpeer_a_SOURCES = \
	src/peer/directives.tbl.h \
	src/peer/outgoing.c src/peer/outgoing.h \
	src/peer/peer.c src/peer/peer.h \
	src/peer/peer_conf.c src/peer/peer_conf.h \
	src/peer/peer_line.c \
	src/peer/peer_page.c src/peer/peer_page.h \
	src/peer/peer_probe.c src/peer/peer_probe.h \
	src/peer/route.c src/peer/route.h
