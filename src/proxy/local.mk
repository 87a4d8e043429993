noinst_LIBRARIES += src/proxy/libproxy.a
src_proxy_libproxy_a_SOURCES =
