noinst_LIBRARIES += src/net/libnet.a
src_net_libnet_a_SOURCES = \
	src/net/buffer.c src/net/buffer.h \
	src/net/conntrack.c src/net/conntrack.h \
	src/net/dial.c src/net/dial.h \
	src/net/dial_queue.c src/net/dial_queue.h \
	src/net/directives.tbl.h \
	src/net/dns.c src/net/dns.h \
	src/net/dns_addresses.c \
	src/net/dns_answer.c src/net/dns_answer.h \
	src/net/dns_channel.c src/net/dns_channel.h \
	src/net/dns_files.c src/net/dns_files.h \
	src/net/dns_map.c src/net/dns_map.h \
	src/net/dns_reply.c src/net/dns_reply.h \
	src/net/dns_setup.c src/net/dns_setup.h \
	src/net/dns_wait.c src/net/dns_wait.h \
	src/net/floor.c src/net/floor.h \
	src/net/listener.c src/net/listener.h \
	src/net/listen_set.c src/net/listen_set.h \
	src/net/net_conf.c src/net/net_conf.h \
	src/net/net_setters.c \
	src/net/opener.c src/net/opener.h \
	src/net/pipe.c src/net/pipe.h \
	src/net/pump.c src/net/pump.h \
	src/net/sock.c src/net/sock.h \
	src/net/stream.c src/net/stream.h \
	src/net/upstream_pool.c src/net/upstream_pool.h
