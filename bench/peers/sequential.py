"""Homepages one after the other, with requests: the first of the two programs that firstbyte began with.

    sequential.py [--http ADDRESS:PORT --https ADDRESS:PORT --cacert FILE] [-f FILE] [URL...]

Each site is a line: its URL, the first ten characters of its body, the seconds it took. The last line is
"total_s SECONDS". --http and --https are where the connections of either scheme go instead, whatever the
name, so that `firstbyte origin` can play the sites.
"""

import argparse
import sys
import time

import requests
import urllib3.util.connection as transport


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("-f", "--file")
    parser.add_argument("--http")
    parser.add_argument("--https")
    parser.add_argument("--cacert")
    parser.add_argument("url", nargs="*")
    options = parser.parse_args()
    if options.file:
        with open(options.file) as lines:
            options.url += lines.read().split()
    return options


def redirect_connections(ports):
    """Connections to a port of `ports` go where it says; names and certificates stay as they are."""
    connect = transport.create_connection

    def connect_elsewhere(address, *rest, **named):
        host, port = address
        return connect(ports.get(port, (host, port)), *rest, **named)

    transport.create_connection = connect_elsewhere


def address(text):
    host, _, port = text.rpartition(":")
    return host, int(port)


def main():
    options = arguments()
    places = {80: options.http, 443: options.https}
    redirect_connections({port: address(text) for port, text in places.items() if text})
    failed = 0
    began = time.monotonic()
    for url in options.url:
        start = time.monotonic()
        try:
            text = requests.get(url, timeout=10, verify=options.cacert or True).text
            print(f"{url:<30.30}: {text[:10]!r} in {time.monotonic() - start:.6f}")
        except requests.RequestException as error:
            print(f"{url}: {error}", file=sys.stderr)
            failed = 1
    print(f"total_s {time.monotonic() - began:.6f}")
    return failed


sys.exit(main())
