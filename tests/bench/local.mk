# The benchmark harness: documented in its README.md, run by hand, never by make check.
EXTRA_DIST += \
	tests/bench/README.md \
	tests/bench/bench.sh \
	tests/bench/cache.inc \
	tests/bench/compare.sh \
	tests/bench/peers/cuttle-disk.sh \
	tests/bench/peers/cuttle-mem.sh \
	tests/bench/peers/cuttle.sh \
	tests/bench/peers/direct.sh \
	tests/bench/peers/haproxy.sh \
	tests/bench/peers/nginx-cache.sh \
	tests/bench/peers/nginx.sh \
	tests/bench/peers/relay-copy.sh \
	tests/bench/peers/relay-splice.sh \
	tests/bench/peers/relay-splice1m.sh \
	tests/bench/peers/squid-conf.inc \
	tests/bench/peers/squid-disk.sh \
	tests/bench/peers/squid-mem.sh \
	tests/bench/peers/squid.sh \
	tests/bench/peers/tinyproxy.sh \
	tests/bench/setup.sh \
	tests/bench/src/load.c \
	tests/bench/src/measure.c \
	tests/bench/src/measure.h \
	tests/bench/src/relay.c

# What a decision costs. Built with the tests, so that it does not rot; run by hand.
check_PROGRAMS += tests/bench/decide
tests_bench_decide_SOURCES = tests/bench/src/decide.c \
	tests/bench/src/decide_lists.c tests/bench/src/decide_lists.h
tests_bench_decide_LDADD = acl/libacl.a src/conf/libconf.a src/http/libhttp.a src/base/libbase.a \
	$(cuttle_external_libs)

# What a line of access.log costs.
check_PROGRAMS += tests/bench/logline
tests_bench_logline_SOURCES = tests/bench/src/logline.c
tests_bench_logline_LDADD = src/log/liblog.a src/net/libnet.a acl/libacl.a src/loop/libloop.a \
	src/conf/libconf.a src/http/libhttp.a src/base/libbase.a $(cuttle_external_libs)

# What the index of the disks costs, and what the cache's replacement is worth.
check_PROGRAMS += tests/bench/cache_index tests/bench/cache_replay
tests_bench_cache_index_SOURCES = tests/bench/src/index_cost.c
tests_bench_cache_index_LDADD = cache/libcache.a src/base/libbase.a $(cuttle_external_libs)
tests_bench_cache_replay_SOURCES = tests/bench/src/cache_replay.c tests/bench/src/replay.h \
	tests/bench/src/replay_ours.c tests/bench/src/replay_peers.c
tests_bench_cache_replay_LDADD = cache/libcache.a src/base/libbase.a $(cuttle_external_libs) -lm

# Stores of more objects than clients can fetch.
check_PROGRAMS += tests/bench/cache_fill
tests_bench_cache_fill_SOURCES = tests/bench/src/cache_fill.c
tests_bench_cache_fill_LDADD = cache/libcache.a src/net/libnet.a acl/libacl.a src/loop/libloop.a \
	src/conf/libconf.a src/http/libhttp.a src/base/libbase.a $(cuttle_external_libs)
