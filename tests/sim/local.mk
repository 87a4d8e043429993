# The simulated world. Its objects define what poller.o, sock.o, jobs.o, dns_channel.o and
# access_log.o define, and are linked before the libraries, so that those are not taken from them.
sim_world = \
	tests/sim/sim.h tests/sim/sim_int.h \
	tests/sim/sim_dns.c \
	tests/sim/sim_edges.c tests/sim/sim_edges.h \
	tests/sim/sim_fault.c tests/sim/sim_fault.h \
	tests/sim/sim_jobs.c \
	tests/sim/sim_log.c \
	tests/sim/sim_net.c tests/sim/sim_net.h \
	tests/sim/sim_poller.c \
	tests/sim/sim_proxy.c tests/sim/sim_proxy.h \
	tests/sim/sim_sock.c
if HAVE_CHECK
check_PROGRAMS += tests/sim/sim
TESTS += tests/sim/sim
tests_sim_sim_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_sim_sim_SOURCES = $(sim_world) tests/unit/unit.h \
	tests/sim/play.c tests/sim/play.h \
	tests/sim/sim_main.c \
	tests/sim/test_abandoned.c \
	tests/sim/test_cache.c \
	tests/sim/test_cuts.c \
	tests/sim/test_dial.c \
	tests/sim/test_disk.c \
	tests/sim/test_heads.c \
	tests/sim/test_interim.c \
	tests/sim/test_limits.c \
	tests/sim/test_peers.c \
	tests/sim/test_policy.c \
	tests/sim/test_requests.c \
	tests/sim/test_scarcity.c \
	tests/sim/test_shutdown.c \
	tests/sim/test_steps.c \
	tests/sim/test_storm.c \
	tests/sim/test_upstreams.c \
	tests/sim/test_validation.c \
	tests/sim/test_world.c
# sim_fault.c stands in for these.
tests_sim_sim_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=arena_try_alloc,--wrap=budget_take,--wrap=buffer_take,--wrap=pipe_take
tests_sim_sim_LDADD = $(cuttle_libs) $(unit_libs)
endif
