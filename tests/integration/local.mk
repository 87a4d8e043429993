# The integration tests: one script that runs pytest over this folder.
dist_check_SCRIPTS += tests/integration/run
if HAVE_PYTEST
TESTS += tests/integration/run
endif

EXTRA_DIST += \
	tests/integration/conftest.py \
	tests/integration/harness/__init__.py \
	tests/integration/harness/accesslog.py \
	tests/integration/harness/client.py \
	tests/integration/harness/deadline.py \
	tests/integration/harness/dns.py \
	tests/integration/harness/message.py \
	tests/integration/harness/netns.py \
	tests/integration/harness/origin.py \
	tests/integration/harness/proxy.py \
	tests/integration/harness/stored.py \
	tests/integration/harness/tools.py \
	tests/integration/harness/transcript.py \
	tests/integration/harness/wire.py \
	tests/integration/test_0100_plain_get.py \
	tests/integration/test_0110_keep_alive.py \
	tests/integration/test_0120_bodies.py \
	tests/integration/test_0130_interim_replies.py \
	tests/integration/test_0140_upgrade.py \
	tests/integration/test_0150_forwarding_fields.py \
	tests/integration/test_0160_retries.py \
	tests/integration/test_0200_malformed_requests.py \
	tests/integration/test_0210_malformed_replies.py \
	tests/integration/test_0220_limits.py \
	tests/integration/test_0230_host.py \
	tests/integration/test_0300_connect.py \
	tests/integration/test_0400_policy.py \
	tests/integration/test_0405_policy_types.py \
	tests/integration/test_0410_configuration.py \
	tests/integration/test_0420_as_squid.py \
	tests/integration/test_0430_floor.py \
	tests/integration/test_0440_ports.py \
	tests/integration/test_0450_fields.py \
	tests/integration/test_0460_indirect_client.py \
	tests/integration/test_0470_shadow.py \
	tests/integration/test_0470_outgoing.py \
	tests/integration/test_0480_host_names.py \
	tests/integration/test_0490_peers.py \
	tests/integration/test_0500_access_log.py \
	tests/integration/test_0510_error_pages.py \
	tests/integration/test_0520_logformat.py \
	tests/integration/test_0600_process.py \
	tests/integration/test_0610_reload.py \
	tests/integration/test_0612_reload_lists.py \
	tests/integration/test_0620_workers.py \
	tests/integration/test_0630_bootstrap.py \
	tests/integration/test_0700_manager.py \
	tests/integration/test_0720_explain.py \
	tests/integration/test_0730_replay.py \
	tests/integration/test_0800_dns.py \
	tests/integration/test_0810_search_list.py \
	tests/integration/test_0900_clients.py \
	tests/integration/test_0950_registries.py \
	tests/integration/test_1000_cache_hits.py \
	tests/integration/test_1010_cache_validation.py \
	tests/integration/test_1020_cache_vary.py \
	tests/integration/test_1030_cache_ranges.py \
	tests/integration/test_1040_cache_collapse.py \
	tests/integration/test_1050_cache_invalidation.py \
	tests/integration/test_1060_cache_dir.py \
	tests/integration/test_1070_cache_knobs.py \
	tests/integration/test_1100_cache_road.py \
	tests/integration/test_1900_cache_crash.py \
	tests/integration/test_9000_differential.py \
	tests/integration/test_9010_differential_policy.py \
	tests/integration/test_9020_differential_peers.py \
	tests/integration/test_9500_hostile_memory.py \
	tests/integration/test_9510_hostile_leavers.py \
	tests/integration/test_9520_hostile_authentication.py \
	tests/integration/test_9530_hostile_lengths.py \
	tests/integration/test_9540_hostile_policy.py
