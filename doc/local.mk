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
EXTRA_DIST += \
	doc/architecture.md \
	doc/configuration.md \
	doc/cuttle.conf.5 \
	doc/decisions/0001-keeper.md \
	doc/decisions/0002-regular-expressions.md \
	doc/glossary.md \
	doc/policy.md \
	doc/style.md \
	doc/testing.md
