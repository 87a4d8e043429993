/*
 * A resolver with a scripted name server.
 */
#include "tests/unit/net/dns_fixture.h"

void dns_fixture_init(struct dns_fixture *f, const struct dns_server_row *rows)
{
	memset(f, 0, sizeof(*f));
	f->loop = fixture_loop();
	dns_server_start(&f->server, rows);
	net_conf_init(&f->conf);
	free(f->conf.dns.hosts_file);
	f->conf.dns.hosts_file = NULL;
	f->conf.dns.nameservers = check_calloc(2, sizeof(*f->conf.dns.nameservers));
	f->conf.dns.nameservers[0] = f->server.at;
	f->conf.dns.n_nameservers = 1;
	fixture_counter_init(&f->waiter);
}

void dns_fixture_start(struct dns_fixture *f)
{
	f->shared = dns_shared_new(&f->conf.dns);
	ck_assert_int_eq(dns_new(&f->dns, f->shared, f->loop), ERR_NONE);
}

void dns_fixture_fini(struct dns_fixture *f)
{
	op_cancel(&f->q.op);
	dns_answer_unref(&f->q.answer);
	dns_free(&f->dns);
	dns_shared_free(&f->shared);
	net_conf_fini(&f->conf);
	dns_server_stop(&f->server);
	loop_free(&f->loop);
}

const struct dns_answer *dns_fixture_look_up(struct dns_fixture *f, const char *name,
                                             enum dns_kind kind)
{
	dns_answer_unref(&f->q.answer);
	if (dns_lookup(f->dns, NULL, span_str(name), kind, &f->q, &f->waiter.task) == OP_PENDING)
		TURN_UNTIL(f->loop, f->q.op.status != OP_PENDING);
	ck_assert_int_eq(f->q.op.status, OP_READY);
	return f->q.answer;
}

void dns_fixture_ck_first_ip(const struct dns_answer *a, const char *text)
{
	const struct ip want = fixture_ip(text);

	ck_assert_int_eq(a->err, ERR_NONE);
	ck_assert_uint_ge(a->n, 1);
	ck_assert(ip_eq(&a->ips[0], &want));
}
