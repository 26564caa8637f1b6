"""Fetches homepages concurrently, with aiohttp.

    async.py [--http ADDRESS:PORT --https ADDRESS:PORT --cacert FILE] [-f FILE] [URL...]
    async.py -k -q -c 256 -f FILE          # a long list; no line for each URL

Output and options are those of sequential.py. CONCURRENCY workers share the list, as is usual with
aiohttp; a task for each URL of a long list would be slower.
"""

import argparse
import asyncio
import socket
import ssl
import sys
import time

import aiohttp


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("-f", "--file")
    parser.add_argument("--http")
    parser.add_argument("--https")
    parser.add_argument("--cacert")
    parser.add_argument("-k", "--insecure", action="store_true")
    parser.add_argument("-q", "--quiet", action="store_true")
    parser.add_argument("-c", "--concurrency", type=int, default=256)
    parser.add_argument("url", nargs="*")
    options = parser.parse_args()
    if options.file:
        with open(options.file) as lines:
            options.url += lines.read().split()
    return options


class Rehearsal(aiohttp.DefaultResolver):
    """Resolves all names to the address that `ports` has for their port."""

    def __init__(self, ports):
        super().__init__()
        self.ports = ports

    async def resolve(self, host, port=0, family=socket.AF_INET):
        if port not in self.ports:
            return await super().resolve(host, port, family)
        address, _, number = self.ports[port].rpartition(":")
        return [{"hostname": host, "host": address, "port": int(number), "family": socket.AF_INET,
                 "proto": 0, "flags": socket.AI_NUMERICHOST}]


async def worker(session, urls, options):
    """Fetches URLs until the list is empty; returns the number of failures."""
    failed = 0
    for url in urls:
        start = time.monotonic()
        try:
            async with session.get(url) as response:
                body = await (response.read() if options.quiet else response.text())
        except (aiohttp.ClientError, asyncio.TimeoutError) as error:
            print(f"{url}: {error!r}", file=sys.stderr)
            failed += 1
            continue
        if not options.quiet:
            print(f"{url:<30.30}: {body[:10]!r} in {time.monotonic() - start:.6f}")
    return failed


async def main():
    options = arguments()
    trust = False if options.insecure else ssl.create_default_context(cafile=options.cacert)
    ports = {80: options.http, 443: options.https}
    resolver = Rehearsal({port: text for port, text in ports.items() if text})
    began = time.monotonic()
    connector = aiohttp.TCPConnector(limit=options.concurrency, ssl=trust, resolver=resolver)
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        urls = iter(options.url)
        workers = min(options.concurrency, len(options.url))
        failed = await asyncio.gather(*(worker(session, urls, options) for _ in range(workers)))
    print(f"total_s {time.monotonic() - began:.6f}")
    return 1 if sum(failed) else 0


sys.exit(asyncio.run(main()))
