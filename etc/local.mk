# The built-in configuration, as an example to start from.
cuttleconfdir = $(sysconfdir)/cuttle
dist_cuttleconf_DATA = etc/cuttle.conf.default
