"""Names in a pod: resolv.conf with a search list and ndots:5, as Kubernetes writes it.

Both proxies run here, each with that resolv.conf in a mount namespace and a name server on 127.0.0.1:53 in a
network of their own. What Squid does is what squid.conf means (doc/decisions/0009-search-list.md).
"""
import os

import pytest

from harness.dns import Server
from harness.message import reply
from harness.netns import own_network
from harness.origin import serve_forever
from harness.proxy import IS_SQUID, SQUID, Proxy, cuttle_only
from harness.tools import need_unshare

SEARCH = ["default.svc.cluster.test", "svc.cluster.test", "cluster.test"]
RESOLV_CONF = f"search {' '.join(SEARCH)}\nnameserver 127.0.0.1\noptions ndots:5 timeout:1\n"
WEB = "web.shop.svc.cluster.test"       # the service "web" of the namespace "shop"
SERVICE, POD = "198.51.100.10", "198.51.100.11"
OUTSIDE = "198.51.100.20"

DENIED, UNKNOWN = "denied", "no such name"      # Squid 5.7 answers 502 where it documents 503

BOTH = [True] if IS_SQUID else [False, True] if SQUID else [False]


class InPod(Proxy):
    """A proxy that reads this resolv.conf."""

    def command(self, *args):
        path = self.path("resolv.conf")
        if not os.path.exists(path):
            self.write("resolv.conf", RESOLV_CONF)
        return ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"', path,
                *super().command(*args)]


class Pod:
    def __init__(self, keep, start_origin):
        self._keep = keep
        self.dns = keep(Server({
            (WEB, "A"): [(SERVICE, 60)],
            ("db.default.svc.cluster.test", "A"): [(POD, 60)],
            ("www.outside.test", "A"): [(OUTSIDE, 60)],
            ("www.stolen.test", "A"): [(OUTSIDE, 60)],
            ("www.stolen.test.svc.cluster.test", "A"): [(POD, 60)],
        }, port=53))
        for host in (SERVICE, POD, OUTSIDE):
            start_origin(serve_forever(reply(body=host.encode(), fields={"Connection": "close"})), host=host, port=80)

    def proxy(self, conf, squid):
        return self._keep(InPod("dns_timeout 5 seconds\n" + conf, squid=squid, name="squid" if squid else "cuttle"))

    def get(self, conf, name, squid):
        """(what came, names asked for, in order)"""
        proxy = self.proxy(conf, squid)
        del self.dns.queries[:]
        with proxy.client() as client:
            message = client.get(f"http://{name}/")
        came = {200: message.body.decode(), 403: DENIED, 503: UNKNOWN, 502: UNKNOWN}[message.status]
        return came, list(dict.fromkeys(q[0] for q in self.dns.queries))


@pytest.fixture
def pod(_keeper, start_origin):
    need_unshare("--mount")
    with own_network(SERVICE, POD, OUTSIDE):
        yield Pod(_keeper.keep, start_origin)


ALLOW = "http_access allow all\n"
ON = "dns_defnames on\n" + ALLOW


def within(name, upto=len(SEARCH)):
    return [f"{name}.{domain}" for domain in SEARCH[:upto]]


@pytest.mark.parametrize("conf, name, came, asked", [
    pytest.param(ALLOW, "web.shop", UNKNOWN, ["web.shop"], id="off: a name is what it says"),
    pytest.param(ALLOW, "db", UNKNOWN, ["db"], id="off: also one without a dot"),
    pytest.param(ALLOW, "www.outside.test", OUTSIDE, ["www.outside.test"], id="off: a whole name"),
    pytest.param(ON, "db", POD, within("db", 1), id="on: a service of the same namespace"),
    pytest.param(ON, "web.shop", SERVICE, within("web.shop", 2), id="on: service.namespace"),
    pytest.param(ON, "web.shop.svc", SERVICE, within("web.shop.svc"), id="on: service.namespace.svc"),
    pytest.param(ON, WEB, SERVICE, [*within(WEB), WEB], id="on: a whole name of the cluster is asked for last"),
    pytest.param(ON, "www.outside.test", OUTSIDE, [*within("www.outside.test"), "www.outside.test"],
                 id="on: so is one from outside"),
    pytest.param(ON, "www.stolen.test", POD, within("www.stolen.test", 2),
                 id="on: who can name services takes names from outside"),
    pytest.param(ON, "nowhere", UNKNOWN, [*within("nowhere"), "nowhere"], id="on: nowhere"),
    pytest.param("dns_nameservers 127.0.0.1\n" + ON, "web.shop", UNKNOWN, ["web.shop"],
                 id="dns_nameservers: resolv.conf is not read"),
    # policy
    pytest.param("acl web dstdomain web.shop\nhttp_access deny web\n" + ON, "web.shop", DENIED, [],
                 id="dstdomain judges the name that was written"),
    pytest.param("acl cluster dstdomain .cluster.test\nhttp_access deny cluster\n" + ON, "web.shop", SERVICE,
                 within("web.shop", 2), id="and not the one that was found"),
    pytest.param(f"acl service dst {SERVICE}\nhttp_access deny service\n" + ON, "web.shop", DENIED,
                 within("web.shop", 2), id="dst judges the addresses that were found"),
])
@pytest.mark.parametrize("squid", BOTH, ids=lambda squid: "squid" if squid else "this")
def test_names(pod, squid, conf, name, came, asked):
    assert pod.get(conf, name, squid) == (came, asked)


@cuttle_only("Squid says nothing")
@pytest.mark.parametrize("conf, said", [
    (ALLOW, "ndots:5, as in a pod"), (ON, ""), ("dns_nameservers 127.0.0.1\n" + ON, "has no effect: dns_nameservers"),
    ("dns_nameservers 127.0.0.1\n" + ALLOW, ""),
])
def test_a_list_without_effect_is_told(pod, conf, said):
    told = [line for line in pod.proxy(conf, False).read("cache.log").splitlines() if "dns_defnames" in line]
    assert len(told) == (said != "")
    assert all(said in line for line in told)
