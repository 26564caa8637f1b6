/*
 * A tunnel through a proxy to a site: CONNECT (RFC 9110, section 9.3.6) or SOCKS version 5 (RFC
 * 1928, with user name and password of RFC 1929). A state machine without I/O, which is fed the
 * received bytes:
 *
 *     start      tunnel_new: the first output is ready
 *     send       tunnel_output, send, tunnel_sent, until tunnel_output is NULL
 *     receive    tunnel_feed
 *                MORE: send the new output, then read on
 *                OPEN: from the next byte on, the connection belongs to the site
 *                FAILED: tunnel_error and tunnel_detail are the reason; close the connection
 *     end        of the stream before OPEN: the caller reports ERROR_PROXY_CLOSED
 *
 * The site sends nothing before it has received a request. So a byte after the end of the
 * negotiation is an error, ERROR_PROXY_MALFORMED: it could be mistaken for a byte of the site. A
 * reply that arrives before the request was sent is the same error.
 *
 * A tunnel has no deadline, and keeps no received bytes except a SOCKS reply of at most 262.
 */
#ifndef HTTP_DIAL_TUNNEL_H
#define HTTP_DIAL_TUNNEL_H

#include <stddef.h>
#include <stdint.h>

#include "http/dial/proxy.h"
#include "http/error.h"
#include "reactor/sock.h"

/* Limit of the response to CONNECT, together with all 1xx heads before it. */
#define TUNNEL_MAX_HEAD_BYTES (64 * 1024)

enum tunnel_status {
    TUNNEL_MORE,   /* the negotiation continues */
    TUNNEL_OPEN,   /* the negotiation is complete */
    TUNNEL_FAILED, /* the negotiation failed */
};

struct tunnel;

/* Prepares a request to `proxy`, which is borrowed, for host:port. `host` is a name or an address
   without brackets, as url_parse and routes_connect_to return it, of at most URL_MAX_HOST_BYTES; it
   is copied. PROXY_SOCKS5 sends `address`, to which a name was resolved, unless it is NULL; the
   other kinds send the name. A literal address is always sent as an address. The port is always
   `port`. */
struct tunnel *tunnel_new(const struct proxy *proxy, const char *host, uint16_t port,
                          const struct address *address);

/* Reports later state changes to the loop's probe, with the connection's number. */
void tunnel_observe(struct tunnel *tunnel, const struct loop *loop, uint64_t number);

/* The next bytes to send, *count of them, valid until the next call for this tunnel; NULL: none. */
const char *tunnel_output(const struct tunnel *tunnel, size_t *count);

/* The first `count` bytes of tunnel_output were sent. */
void tunnel_sent(struct tunnel *tunnel, size_t count);

/* Reads received bytes; all are consumed. Bytes after a refusal are ignored. */
enum tunnel_status tunnel_feed(struct tunnel *tunnel, const unsigned char *bytes, size_t count);

/*
 * The error of FAILED; ERROR_NONE in other states:
 *
 *     ERROR_PROXY_AUTH           401, 407; no authentication method in common, or refused
 *     ERROR_PROXY_DENIED         403, 405; SOCKS reply 2
 *     ERROR_PROXY_GATEWAY        502, 503, 504; SOCKS reply 1
 *     ERROR_CONNECT_UNREACHABLE  SOCKS replies 3 and 4: the proxy could not connect
 *     ERROR_CONNECT_REFUSED      SOCKS reply 5: the proxy could not connect
 *     ERROR_CONNECT_TIMEOUT      SOCKS reply 6: the proxy could not connect
 *     ERROR_PROXY_FAILED         any other status but 2xx, any other SOCKS reply but 0
 *     ERROR_PROXY_MALFORMED      neither HTTP nor SOCKS; a head over its limit; early bytes
 */
enum error tunnel_error(const struct tunnel *tunnel);

/* A description of the failure: "the proxy responded with 407 Proxy Authentication Required". ""
   before FAILED. Printable: it contains no text from the proxy. Owned by the tunnel. */
const char *tunnel_detail(const struct tunnel *tunnel);

void tunnel_free(struct tunnel *tunnel); /* NULL is allowed */

#endif
