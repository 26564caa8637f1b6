/*
 * The way through a proxy to a site: CONNECT (RFC 9110, section 9.3.6) or SOCKS version 5 (RFC 1928,
 * with user name and password of RFC 1929). A state machine without I/O, fed the bytes that came:
 *
 *     start      tunnel_new: there is something to send
 *     to send    tunnel_output, send, tunnel_sent, until tunnel_output is NULL
 *     came       tunnel_feed
 *                MORE: send what there is now to send, then read on
 *                OPEN: from the next byte on, both directions are the site's
 *                FAILED: tunnel_error and tunnel_detail say why; close the connection
 *     end        of the stream before OPEN: ERROR_PROXY_CLOSED, which the caller says
 *
 * The site never speaks first: a byte behind the end of the negotiation, or one that agrees to what
 * has not been sent yet, is malformed, as it can only be meant to be taken for the site's.
 *
 * A tunnel has no deadline and keeps no byte of what came but a SOCKS reply of 262 at most.
 */
#ifndef HTTP_DIAL_TUNNEL_H
#define HTTP_DIAL_TUNNEL_H

#include <stddef.h>
#include <stdint.h>

#include "http/dial/proxy.h"
#include "http/error.h"
#include "reactor/sock.h"

/* An answer to CONNECT, with all 1xx heads before it, may have this many bytes. */
#define TUNNEL_MAX_HEAD_BYTES (64 * 1024)

enum tunnel_status {
    TUNNEL_MORE,   /* the negotiation goes on */
    TUNNEL_OPEN,   /* it is complete */
    TUNNEL_FAILED, /* it is over */
};

struct tunnel;

/* Makes ready to ask `proxy`, borrowed while the tunnel lives, for host:port. `host` is a name or an
   address without brackets, as url_parse and routes_connect_to leave it, with at most
   URL_MAX_HOST_BYTES; it is not kept. An address is told as one. A name is told to PROXY_SOCKS5 as
   `address`, to which it was resolved, where that is not NULL; the others are told the name. The
   port is always `port`. */
struct tunnel *tunnel_new(const struct proxy *proxy, const char *host, uint16_t port,
                          const struct address *address);

/* From here on changes of state are reported to the loop's probe, with the connection's number. */
void tunnel_observe(struct tunnel *tunnel, const struct loop *loop, uint64_t number);

/* What is to be sent now, *count bytes, valid until the next call for this tunnel; NULL: nothing. */
const char *tunnel_output(const struct tunnel *tunnel, size_t *count);

/* The first `count` bytes of tunnel_output were sent. */
void tunnel_sent(struct tunnel *tunnel, size_t count);

/* Takes bytes that came; all are taken. What comes after a refusal is ignored. */
enum tunnel_status tunnel_feed(struct tunnel *tunnel, const unsigned char *bytes, size_t count);

/*
 * What FAILED means, ERROR_NONE before:
 *
 *     ERROR_PROXY_AUTH           401, 407; no method of authentication in common, or it was refused
 *     ERROR_PROXY_DENIED         403, 405; SOCKS reply 2
 *     ERROR_PROXY_GATEWAY        502, 503, 504; SOCKS reply 1
 *     ERROR_CONNECT_UNREACHABLE  SOCKS replies 3 and 4: the proxy connected, and it failed
 *     ERROR_CONNECT_REFUSED      SOCKS reply 5: likewise
 *     ERROR_CONNECT_TIMEOUT      SOCKS reply 6: likewise
 *     ERROR_PROXY_FAILED         any other status but 2xx, any other SOCKS reply but 0
 *     ERROR_PROXY_MALFORMED      neither HTTP nor SOCKS; a head over its limit; bytes too early
 */
enum error tunnel_error(const struct tunnel *tunnel);

/* The proxy's answer in words: "the proxy answered 407 Proxy Authentication Required". "" before
   FAILED. Printable, for no text of the proxy's own is in it. Owned by the tunnel. */
const char *tunnel_detail(const struct tunnel *tunnel);

void tunnel_free(struct tunnel *tunnel); /* NULL is allowed */

#endif
