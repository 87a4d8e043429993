# Checks of style: scripts over the sources and what was built from them.
dist_check_SCRIPTS += tests/style/run
TESTS += tests/style/run
EXTRA_DIST += \
	tests/style/check_docs.py \
	tests/style/check_examples.sh \
	tests/style/check_manual.sh \
	tests/style/check_options.sh \
	tests/style/doc_tables.py \
	tests/style/layers.py \
	tests/style/layers.txt \
	tests/style/prefixes.txt \
	tests/style/symbols.py \
	tests/style/words.py
.PHONY: check-style check-tidy
check-style: all
	$(srcdir)/tests/style/run
# clang-tidy over the program's sources, with this build's flags.
tidy_flags = -std=gnu17 -I$(abs_top_srcdir) -I$(abs_top_srcdir)/src -I$(abs_top_builddir) -include config.h \
	-DSYSCONFDIR=\"x\" -DLOCALSTATEDIR=\"x\" -DPKGDATADIR=\"x\" -DRUNSTATEDIR=\"x\"
check-tidy: all
	cd $(srcdir) && find src acl cache -name '*.c' | sort | \
	  xargs -P 2 -n 1 sh -c 'clang-tidy --quiet "$$@" -- $(tidy_flags)' tidy
