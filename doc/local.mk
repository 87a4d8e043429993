dist_man_MANS += doc/cuttle.8
# cuttle.conf(5) says what the rows of directives say. The page in doc/ is for readers of the sources; installed is
# one with this build's folders.
man_MANS = doc/man/cuttle.conf.5
doc/man/cuttle.conf.5: src/cuttle
	$(AM_V_GEN)$(MKDIR_P) doc/man && src/cuttle --manual >$@.new && mv $@.new $@
CLEANFILES += doc/man/cuttle.conf.5 doc/man/cuttle.conf.5.new
# After a change of the tables that documents are made from.
.PHONY: update-doc
update-doc: src/cuttle
	sh $(srcdir)/tests/style/check_manual.sh $(srcdir) . --write
	python3 $(srcdir)/tests/style/doc_tables.py $(srcdir) --write
EXTRA_DIST += \
	doc/architecture.md \
	doc/cache-format.md \
	doc/cache-memory.md \
	doc/cache-replacement.md \
	doc/caching.md \
	doc/configuration.md \
	doc/cuttle.conf.5 \
	doc/decisions/0001-keeper.md \
	doc/decisions/0002-regular-expressions.md \
	doc/decisions/0003-edge-triggered-streams.md \
	doc/decisions/0004-machines.md \
	doc/decisions/0005-tunnel-resets.md \
	doc/decisions/0006-hand-over.md \
	doc/decisions/0007-upstream-pools.md \
	doc/decisions/0008-log-thread.md \
	doc/decisions/0009-search-list.md \
	doc/decisions/0010-list-files.md \
	doc/decisions/0011-segments.md \
	doc/facts.md \
	doc/glossary.md \
	doc/logformat.md \
	doc/operations.md \
	doc/performance.md \
	doc/policy.md \
	doc/request-path.md \
	doc/style.md \
	doc/testing.md \
	doc/threading.md \
	doc/threat-model.md
