"""Real registries, whichever this machine is configured for: apt and npm through the proxy.

Skipped, with a message, where there is no network or nothing configured. No host is named here.
"""
import glob
import os
import re

import pytest

from harness.proxy import cuttle_only
from harness.tools import need, run

pytestmark = [pytest.mark.limit(12)]


def apt(folder, proxy_url, *args, check=None):
    """apt-get with the machine's sources and keys, and all its state in a private folder."""
    for sub in ("lists/partial", "cache/archives/partial", "dpkg"):
        os.makedirs(os.path.join(folder, sub), exist_ok=True)
    status = os.path.join(folder, "dpkg/status")
    if not os.path.exists(status):
        open(status, "w", encoding="ascii").close()
    options = {"Dir::State": folder, "Dir::State::Lists": f"{folder}/lists", "Dir::State::status": status,
               "Dir::Cache": f"{folder}/cache", "Dir::Cache::archives": f"{folder}/cache/archives",
               "APT::Sandbox::User": "root", "Acquire::Retries": "0", "Debug::NoLocking": "true",
               "Acquire::Languages": "none", "Acquire::http::Timeout": "60", "Acquire::https::Timeout": "60"}
    if proxy_url:
        options.update({"Acquire::http::Proxy": proxy_url, "Acquire::https::Proxy": proxy_url})
    flat = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    return run("apt-get", *flat, *args, check=check, timeout=200, cwd=folder)


def configured_hosts():
    """The hosts of the machine's own apt sources."""
    text = ""
    for path in ["/etc/apt/sources.list", *glob.glob("/etc/apt/sources.list.d/*")]:
        try:
            with open(path, encoding="utf-8", errors="replace") as f:
                text += "\n".join(line for line in f.read().splitlines() if not line.lstrip().startswith("#")) + "\n"
        except OSError:
            pass
    return sorted(set(re.findall(r"https?://[^\s\]]+", text)))


def reachable(url):
    """Whether the machine itself reaches the registry (with whatever proxy its environment names)."""
    env = {k: v for k, v in os.environ.items() if k.lower().endswith("_proxy")}
    if env:
        pytest.skip("the machine reaches its registries by a proxy; chaining proxies is not tested here")
    done = run("curl", "-sS", "-o", "/dev/null", "-m", "20", "-L", url, check=None, timeout=30)
    if done.returncode:
        pytest.skip(f"no network: the configured registry does not answer ({done.stderr.decode(errors='replace').strip()})")


def test_apt_update_and_a_download(start_proxy, tmp_path):
    need("apt-get", "curl")
    if os.getuid() != 0:
        pytest.skip("apt-get wants root, even for a private folder")
    urls = configured_hosts()
    if not urls:
        pytest.skip("no apt source is configured")
    reachable(urls[0])
    proxy = start_proxy()
    folder = str(tmp_path)
    os.chmod(folder, 0o755)
    done = apt(folder, proxy.url, "update")
    assert done.returncode == 0, done.stderr[-4000:]
    assert not re.search(rb"^(Err|W|E):", done.stderr, re.M), done.stderr[-4000:]
    assert glob.glob(f"{folder}/lists/*Packages*")
    done = apt(folder, proxy.url, "download", "hello")
    if done.returncode and b"Unable to locate" in done.stderr:
        pytest.skip("the configured source has no package hello")
    assert done.returncode == 0, done.stderr[-4000:]
    assert glob.glob(f"{folder}/hello_*.deb")
    lines = proxy.log_lines()
    assert lines, "nothing went through the proxy"
    assert all(line.status < 400 or line.status == 404 for line in lines), lines


def test_npm_view(start_proxy, tmp_path):
    need("npm", "curl")
    registry = run("npm", "config", "get", "registry", check=None).stdout.decode().strip()
    if not registry.startswith("http"):
        pytest.skip("npm names no registry")
    reachable(registry)
    proxy = start_proxy()
    env = {"npm_config_proxy": proxy.url, "npm_config_https_proxy": proxy.url, "npm_config_cache": str(tmp_path),
           "npm_config_update_notifier": "false", "npm_config_noproxy": "", "npm_config_fetch_retries": "0"}
    done = run("npm", "view", "left-pad", "version", env=env, timeout=120, check=None)
    assert done.returncode == 0, done.stderr[-4000:]
    assert re.match(rb"\d+\.\d+\.\d+", done.stdout.strip())
    proxy.wait_line("")


@cuttle_only("the same as apt's, with a policy")
def test_allow_list_of_registries(start_proxy, tmp_path):
    """The use that Cuttle is for: only the configured registries may be reached."""
    need("apt-get", "curl")
    urls = configured_hosts()
    if not urls or os.getuid() != 0:
        pytest.skip("no apt source is configured, or no root")
    reachable(urls[0])
    hosts = sorted({re.sub(r"https?://([^/:]+).*", r"\1", url) for url in urls})
    proxy = start_proxy("acl registries dstdomain " + " ".join(hosts) + "\nacl mgr url_regex internal-mgr\n"
                        "http_access allow registries\nhttp_access allow mgr\nhttp_access deny all\n")
    folder = str(tmp_path)
    os.chmod(folder, 0o755)
    assert apt(folder, proxy.url, "update").returncode == 0
    with proxy.client() as client:
        assert client.connect("elsewhere.invalid:443").status == 403
    assert proxy.wait_line("elsewhere.invalid").result == "TCP_DENIED/403"
