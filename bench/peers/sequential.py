"""Fetches homepages one after the other, with requests.

    sequential.py [--http ADDRESS:PORT --https ADDRESS:PORT --cacert FILE] [-f FILE] [URL...]

Prints a line per site: URL, first ten characters of the body, seconds. The last line is
"total_s SECONDS". --http and --https send all connections of a scheme to one address, for
`firstbyte origin`.
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
    """Connects to the address in `ports` instead of the name; certificates do not change."""
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
    ports = {80: options.http, 443: options.https}
    redirect_connections({port: address(text) for port, text in ports.items() if text})
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
