/*
 * Sets of domain names: "example.com" is that name, ".example.com" that name and all below it. A
 * lookup costs a probe for each label of the host's name, however many names there are.
 * Immutable after acl_domains_finish(), shared.
 */
#pragma once

#include "base/base.h"

struct acl_domains;

struct acl_domains *acl_domains_new(void);
void acl_domains_free(struct acl_domains **s);
/*
 * Take a name in any case. What cannot be a host's name (a URL, "*.example.com") is refused: *why
 * is a static text that ends such a sentence.
 */
bool acl_domains_add(struct acl_domains *s, struct span name, const char **why) MUST_USE;
void acl_domains_finish(struct acl_domains *s);
/* Names added. */
size_t acl_domains_count(const struct acl_domains *s);
/* After finish: names that others made superfluous. */
size_t acl_domains_merged(const struct acl_domains *s);
/*
 * A host's name made ready for many lookups: the hashes of its suffixes, the shortest first. host
 * in any case, without brackets, borrowed; one final dot is ignored.
 */
struct acl_domain_key {
	struct span host;
	unsigned n; /* 0: more labels than fit; each lookup computes them */
	struct {
		size_t at; /* where in host the suffix starts */
		uint64_t hash;
	} suffixes[24];
};
void acl_domain_key_init(struct acl_domain_key *k, struct span host);

/* Not before finish. */
bool acl_domains_has_key(const struct acl_domains *s, const struct acl_domain_key *k);
bool acl_domains_has(const struct acl_domains *s, struct span host);
/* The entry that matches, as it was meant (".example.com" has is_below set); false if none. */
bool acl_domains_find(const struct acl_domains *s, struct span host, struct span *name,
                      bool *is_below);
/* Bytes on the heap. */
size_t acl_domains_bytes(const struct acl_domains *s);
