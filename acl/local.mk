noinst_LIBRARIES += acl/libacl.a
acl_libacl_a_SOURCES = \
	acl/acl_conf.c \
	acl/addr_set.c acl/addr_set.h \
	acl/decide.c acl/decide.h \
	acl/directives.tbl.h \
	acl/domain_set.c acl/domain_set.h \
	acl/explain.c acl/explain.h \
	acl/facts.c acl/facts.h \
	acl/files.c acl/files.h \
	acl/group.c \
	acl/hosts.c \
	acl/hits.c \
	acl/kind_addrs.c \
	acl/kind_broken.c \
	acl/kind_choices.c \
	acl/kind_domains.c \
	acl/kind_headers.c \
	acl/kind_note.c \
	acl/kind_numbers.c \
	acl/kind_ports.c \
	acl/kind_regexes.c \
	acl/kind_time.c \
	acl/kind_words.c \
	acl/lit_index.c acl/lit_index.h \
	acl/lits.c acl/lits.h \
	acl/lists.c acl/lists.tbl.h \
	acl/naming.c \
	acl/notes.c acl/notes.h \
	acl/byte_set.h \
	acl/regex.c acl/regex.h \
	acl/regex_bracket.c acl/regex_bracket.h \
	acl/regex_list.c acl/regex_list.h \
	acl/regex_need.c acl/regex_need.h \
	acl/regex_parse.c \
	acl/rules.c \
	acl/set.c \
	acl/shadows.c \
	acl/subjects.c \
	acl/tally.c acl/tally.h \
	acl/type.h \
	acl/types.c acl/types.tbl.h
