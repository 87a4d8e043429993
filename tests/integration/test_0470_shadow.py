"""shadow_config: a candidate policy beside the one that holds. Cuttle's own."""
import re

import pytest

from harness.deadline import until
from harness.message import reply
from harness.origin import serve_forever
from harness.proxy import IS_SQUID

pytestmark = pytest.mark.skipif(IS_SQUID, reason="Cuttle's own: shadow policies")

FORMAT = "logformat both \"%>Hs %cuttle::verdict|%cuttle::shadow\" %rp\naccess_log stdio:{dir}/both.log both\n"
LIVE = "acl post method POST\nacl there dst 127.0.0.1\nacl mine urlpath_regex ^/mine\n"


def start(start_proxy, live, shadow, **kw):
    """A proxy with both, where the shadow is {dir}/candidate.conf."""
    proxy = start_proxy(FORMAT + LIVE + live + "shadow_config {dir}/candidate.conf\n", start=False, **kw)
    proxy.write("candidate.conf", shadow.replace("{dir}", proxy.dir))
    proxy.start()
    return proxy


def lines(proxy, n):
    """What was logged of requests for /mine, once that many were."""
    def found():
        return [line.split('"')[1].replace(proxy.dir, "DIR") for line in proxy.read("both.log").splitlines() if line.endswith(" /mine")]
    until(lambda: len(found()) >= n, f"{n} lines")
    return found()


CANDIDATE = "acl post method POST\nacl text rep_mime_type ^text/\nacl mine urlpath_regex ^/mine\nacl there dst 127.0.0.1\n"


@pytest.mark.parametrize("live, shadow, said", [
    ("http_access allow all\n", "http_access allow all\n", "200 allow|same"),
    ("http_access deny all\n", "http_access deny all\n", "403 deny|same"),
    ("http_access allow all\n", "http_access allow post\nhttp_access deny all\n",
     "200 allow|deny http_access deny all DIR/candidate.conf:6"),
    ("http_access allow all\n", "http_access allow post\n",
     "200 allow|deny http_access (no rule matched) DIR/candidate.conf:5"),
    ("http_access deny all\n", "http_access allow all\n", "403 deny|allow http_access allow all DIR/candidate.conf:5"),
    # A fact that the live policy did not need is not looked for; one that it found is there.
    ("http_access allow all\n", "http_access deny there\nhttp_access allow all\n",
     "200 allow|cannot tell: http_access needs dst"),
    ("http_access deny !there\nhttp_access allow all\n", "http_access deny there\nhttp_access allow all\n",
     "200 allow|deny http_access deny there DIR/candidate.conf:5"),
    # The time of day is at hand.
    ("http_access allow all\n", "acl always time 00:00-23:59\nhttp_access allow always\n", "200 allow|same"),
    # Replies.
    ("http_access allow all\n", "http_access allow all\nhttp_reply_access deny text\nhttp_reply_access allow all\n",
     "200 allow|deny http_reply_access deny text DIR/candidate.conf:6"),
    ("http_access allow all\nhttp_reply_access deny all\n", "http_access allow all\n",
     "403 allow|allow http_reply_access (no rule matched)"),
    # What would not have got out has no reply to be judged.
    ("http_access allow all\n", "http_access deny all\nhttp_reply_access deny all\n",
     "200 allow|deny http_access deny all DIR/candidate.conf:5"),
    # Annotations of the candidate are nobody's.
    ("http_access allow all\nnote seen no\nacl seen note tag x\nhttp_reply_access deny seen\nhttp_reply_access allow all\n",
     "acl tag annotate_transaction tag=x\nhttp_access allow tag\n", "200 allow|same"),
])
def test_what_is_said(start_proxy, start_origin, live, shadow, said):
    origin = start_origin(serve_forever(reply(body=b"x", fields={"Content-Type": "text/plain"})))
    proxy = start(start_proxy, live, CANDIDATE + shadow, hosts={"www.test": "127.0.0.1"})
    with proxy.client() as client:
        client.get(f"http://www.test:{origin.port}/mine")
    assert lines(proxy, 1) == [said]


def test_it_is_counted_and_shown(start_proxy, start_origin):
    origin = start_origin(serve_forever(reply()))
    proxy = start(start_proxy, "http_access allow all\n",
                  CANDIDATE + "http_access deny post\nhttp_access deny there !mine\nhttp_access allow all\n",
                  hosts={"www.test": "127.0.0.1"})
    url = f"http://www.test:{origin.port}"
    with proxy.client() as client:
        client.get(url + "/")
        client.get(url + "/mine")
        for _ in range(3):
            client.ask("POST", url + "/mine", body=b"x")
        client.connect(origin.authority)
    until(lambda: len(proxy.read("both.log").splitlines()) >= 6, "six lines")
    with proxy.client() as client:
        info = client.get(f"http://127.0.0.1:{proxy.port}/squid-internal-mgr/info").body.decode()
        page = client.get(f"http://127.0.0.1:{proxy.port}/squid-internal-mgr/counters").body.decode()
    counters = dict(line.split(" = ") for line in page.splitlines())
    assert int(counters["shadow.differs"]) == 5         # three POSTs, the CONNECT, and the page before
    assert int(counters["shadow.unknown"]) == 2         # GET / and GET /mine both need the addresses
    assert f"Shadow policy:\t{proxy.dir}/candidate.conf, same " in info


@pytest.mark.parametrize("shadow, says", [
    ("http_access allow nobody\n", "an error in the shadow: "),
    ("nonsense\nhttp_access allow all\n", "an error in the shadow: "),
    (None, "an error in the shadow: "),
    ("shadow_config {dir}/candidate.conf\nhttp_access allow all\n", "a shadow has no shadow"),
    ("", "there is no http_access line"),
    ("http_port 1\nhttp_access allow all\n", None),
])
def test_its_findings_do_not_stop_the_live_one(start_proxy, start_origin, shadow, says):
    origin = start_origin(serve_forever(reply()))
    proxy = start_proxy("http_access allow all\nshadow_config {dir}/candidate.conf\n", start=False)
    if shadow is not None:
        proxy.write("candidate.conf", shadow.replace("{dir}", proxy.dir))
    done = proxy.run("-k", "parse", check=0)
    if says is not None:
        line, = [x for x in done.stderr.splitlines() + done.stdout.splitlines() if says in x]
        assert "candidate.conf" in line and "warning" in line.lower()
    proxy.start()
    with proxy.client() as client:
        assert client.get(origin.url()).status == 200


def test_only_what_concerns_its_rules_is_told(start_proxy):
    """What the rest of a candidate is worth a warning for is told when it takes the place of the live one."""
    proxy = start_proxy("http_access allow all\nshadow_config {dir}/candidate.conf\n", start=False)
    proxy.write("bad.list", "a.test\n*.b.test\n")
    proxy.write("candidate.conf", 'memory_pools off\nrequest_header_replace X-A b\nnever_direct allow all\n'
                f'acl bad dstdomain "{proxy.dir}/bad.list"\nacl net src 10.0.0.1/8\ncache_log {proxy.dir}/x.log y\n'
                "http_access deny net bad\nhttp_access allow all\nhttp_access deny net\n")
    done = proxy.run("-k", "parse", check=0)
    told = [line for line in (done.stderr + done.stdout).splitlines() if "the shadow:" in line]
    assert [re.search(r"(bad\.list|candidate\.conf):(\d+): ", line).groups() for line in told] == [
        ("bad.list", "2"), ("candidate.conf", "5"), ("candidate.conf", "9")]


def test_a_reload_reads_it_anew(start_proxy, start_origin):
    origin = start_origin(serve_forever(reply()))
    proxy = start(start_proxy, "http_access allow all\n", CANDIDATE + "http_access allow all\n")
    with proxy.client() as client:
        client.get(origin.url("/mine"))
        assert lines(proxy, 1)[-1] == "200 allow|same"
        proxy.write("candidate.conf", "http_access deny all\n")
        proxy.reload()
        client.get(origin.url("/mine"))
        assert lines(proxy, 2)[-1] == "200 allow|deny http_access deny all DIR/candidate.conf:1"
        proxy.write("candidate.conf", "http_access deny nobody\n")
        proxy.reload()
        client.get(origin.url("/mine"))
        assert lines(proxy, 3)[-1] == "200 allow|-"


def test_a_list_of_both_is_held_once(start_proxy):
    proxy = start_proxy('acl bad dstdomain "{dir}/bad.list"\nhttp_access deny bad\nhttp_access allow all\n'
                        "shadow_config {dir}/candidate.conf\n", start=False)
    proxy.write("bad.list", "".join(f"x{i}.test\n" for i in range(5000)))
    proxy.write("candidate.conf", f'acl other dstdomain "{proxy.dir}/bad.list"\nhttp_access deny other\nhttp_access allow all\n')
    proxy.start()
    with proxy.client() as client:
        info = client.get(f"http://127.0.0.1:{proxy.port}/squid-internal-mgr/info").body.decode()
    assert "List files in use:\t1, with 5000 values" in info
