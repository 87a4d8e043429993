/*
 * Giving up root: ids, then capabilities, then the way back. Capabilities are set by the system
 * call itself; a library would add nothing to these few lines.
 */
#include "daemon/privileges.h"

#include "base/oplog.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CAP_BIT(c) (UINT64_C(1) << (c))

bool privileges_resolve(const struct process_conf *c, struct identity *out)
{
	const char *user = c->cache_effective_user != NULL ? c->cache_effective_user : DEFAULT_USER;
	const struct passwd *pw =
		getpwnam(user); /* NOLINT(concurrency-mt-unsafe): before threads */
	const struct group *gr = NULL;

	if (pw == NULL) {
		oplog(OPLOG_FATAL,
		      "There is no user \"%s\" to become; name one that exists by "
		      "cache_effective_user",
		      user);
		return false;
	}
	if (c->cache_effective_group != NULL) {
		/* NOLINTNEXTLINE(concurrency-mt-unsafe) */
		gr = getgrnam(c->cache_effective_group);
		if (gr == NULL) {
			oplog(OPLOG_FATAL, "There is no group \"%s\" (cache_effective_group)",
			      c->cache_effective_group);
			return false;
		}
	}
	if (pw->pw_uid == 0) {
		oplog(OPLOG_FATAL,
		      "The proxy does not run as root; name another user by cache_effective_user");
		return false;
	}
	*out = (struct identity){ .uid = pw->pw_uid, .gid = gr != NULL ? gr->gr_gid : pw->pw_gid };
	snprintf(out->name, sizeof(out->name), "%s", user);
	out->n_groups = PRIVILEGES_GROUPS_MAX;
	if (gr != NULL) { /* as in Squid, the named group replaces the user's */
		out->groups[0] = gr->gr_gid;
		out->n_groups = 1;
	} else if (getgrouplist(user, pw->pw_gid, out->groups, &out->n_groups) < 0) {
		oplog(OPLOG_FATAL,
		      "User \"%s\" is in more than %d groups; name one by cache_effective_group",
		      user, PRIVILEGES_GROUPS_MAX);
		return false;
	}
	return true;
}

static bool capabilities_set(uint64_t caps)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	for (int i = 0; i < 2; i++)
		data[i].effective = data[i].permitted = (uint32_t)(caps >> (32 * i));
	return syscall(SYS_capset, &header, data) == 0;
}

static uint64_t capabilities_held(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (syscall(SYS_capget, &header, data) != 0)
		return 0;
	return data[0].permitted | (uint64_t)data[1].permitted << 32;
}

/* What an exec could give back, even as root. Fails where root lacks CAP_SETPCAP, which does no
 * harm. */
static void bounding_set_limit(uint64_t caps)
{
	for (int c = 0; c < 64 && prctl(PR_CAPBSET_READ, c, 0, 0, 0) >= 0; c++)
		if ((caps & CAP_BIT(c)) == 0)
			(void)prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
}

static bool fail(const char *what)
{
	oplog(OPLOG_FATAL,
	      "Giving up root failed at %s: %s; start it as the user that it should become instead",
	      what, strerrordesc_np(errno));
	return false;
}

bool privileges_drop(const struct identity *id, unsigned keep, bool is_dumpable)
{
	const uint64_t caps = ((keep & PRIVILEGES_BIND) != 0 ? CAP_BIT(CAP_NET_BIND_SERVICE) : 0) |
	                      ((keep & PRIVILEGES_MARK) != 0 ? CAP_BIT(CAP_NET_ADMIN) : 0);

	if (prctl(PR_SET_KEEPCAPS, caps != 0, 0, 0, 0) != 0)
		return fail("PR_SET_KEEPCAPS");
	bounding_set_limit(caps);
	if (setgroups((size_t)id->n_groups, id->groups) != 0)
		return fail("setgroups");
	if (setresgid(id->gid, id->gid, id->gid) != 0)
		return fail("setresgid");
	if (setresuid(id->uid, id->uid, id->uid) != 0)
		return fail("setresuid");
	/* Where a container's root never had one of them: its ports are bound already. */
	if (!capabilities_set(caps & capabilities_held()) && !capabilities_set(0))
		return fail("capset");
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return fail("PR_SET_NO_NEW_PRIVS");
	/* The change of user has made the process undumpable, which also closes /proc/self to
	 * others. */
	if (is_dumpable && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0)
		return fail("PR_SET_DUMPABLE");
	if (setuid(0) == 0 || geteuid() != id->uid) {
		errno = EPERM;
		return fail("the check that there is no way back");
	}
	return true;
}

void privileges_limit_keeper(bool keeps_marks)
{
	/*
	 * Opening files and ports (DAC, BIND), giving files to the proxy's user (CHOWN), making a
	 * proxy (SETUID, SETGID, SETPCAP), ending it (KILL), raising its descriptor limit
	 * (RESOURCE).
	 */
	const uint64_t caps = CAP_BIT(CAP_DAC_OVERRIDE) | CAP_BIT(CAP_DAC_READ_SEARCH) |
	                      CAP_BIT(CAP_NET_BIND_SERVICE) | CAP_BIT(CAP_CHOWN) |
	                      CAP_BIT(CAP_FOWNER) | CAP_BIT(CAP_SETUID) | CAP_BIT(CAP_SETGID) |
	                      CAP_BIT(CAP_SETPCAP) | CAP_BIT(CAP_KILL) | CAP_BIT(CAP_SYS_RESOURCE) |
	                      (keeps_marks ? CAP_BIT(CAP_NET_ADMIN) : 0);
	const uint64_t held = capabilities_held();

	/* A container's root may have fewer already; only what is held can be kept. */
	if (held == 0)
		return;
	bounding_set_limit(caps);
	(void)capabilities_set(caps & held);
}
