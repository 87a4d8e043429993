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
/* After finish: names that others, of the same or of another of n sets, make superfluous. */
size_t acl_domains_merged(const struct acl_domains *const *sets, size_t n);
/*
 * A host's name made ready for many lookups: in lower case, with the hashes of its suffixes, the
 * shortest first. host is in any case, without brackets; one final dot is ignored. It is only kept
 * to tell for which name the key was made.
 */
#define ACL_DOMAIN_MAX 254 /* bytes of a name, without dots at its ends */
struct acl_domain_key {
	struct span host;
	size_t length; /* of the text */
	unsigned n;
	bool is_cut; /* the text is only the end of a longer name: it lies below all suffixes */
	struct {
		uint64_t hash;
		uint16_t at; /* where in the text the suffix starts */
	} suffixes[ACL_DOMAIN_MAX + 2];
	char text[ACL_DOMAIN_MAX + 10]; /* written eight bytes at a time */
};
void acl_domain_key_init(struct acl_domain_key *k, struct span host);

/* Not before finish. */
bool acl_domains_has_key(const struct acl_domains *s, const struct acl_domain_key *k);
bool acl_domains_has(const struct acl_domains *s, struct span host);
/* The entry that matches, as it was meant (".example.com" has is_below set); false if none. */
bool acl_domains_find(const struct acl_domains *s, const struct acl_domain_key *k,
                      struct span *name, bool *is_below);
/* Bytes on the heap. */
size_t acl_domains_bytes(const struct acl_domains *s);
