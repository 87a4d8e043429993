dist_man_MANS += doc/cuttle.8
# cuttle.conf(5) says what the rows of directives say.
man_MANS = doc/cuttle.conf.5
doc/cuttle.conf.5: src/cuttle
	$(AM_V_GEN)$(MKDIR_P) doc && src/cuttle --manual >$@.new && mv $@.new $@
CLEANFILES += doc/cuttle.conf.5 doc/cuttle.conf.5.new
EXTRA_DIST += \
	doc/architecture.md \
	doc/configuration.md \
	doc/decisions/0001-keeper.md \
	doc/decisions/0002-regular-expressions.md \
	doc/glossary.md \
	doc/policy.md \
	doc/style.md \
	doc/testing.md
