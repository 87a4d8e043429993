dist_man_MANS += doc/cuttle.8
EXTRA_DIST += \
	doc/architecture.md \
	doc/configuration.md \
	doc/decisions/0001-keeper.md \
	doc/decisions/0002-regular-expressions.md \
	doc/glossary.md \
	doc/policy.md \
	doc/style.md \
	doc/testing.md
