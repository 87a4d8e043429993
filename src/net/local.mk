noinst_LIBRARIES += src/net/libnet.a
src_net_libnet_a_SOURCES = \
	src/net/buffer.c src/net/buffer.h \
	src/net/dial.h \
	src/net/dns.h \
	src/net/listener.c src/net/listener.h \
	src/net/net_conf.h \
	src/net/pipe.c src/net/pipe.h \
	src/net/pump.c src/net/pump.h \
	src/net/sock.c src/net/sock.h \
	src/net/stream.c src/net/stream.h \
	src/net/upstream_pool.c src/net/upstream_pool.h
