/*
 * Replies of a proxy, in pieces and byte by byte. Both end in the same way, unless a piece has more
 * bytes than the proxy may send at that time, which cannot be detected byte by byte. The first byte
 * chooses the proxy and the site; the rest of the first line is the plan of the pieces.
 */
#include "base/hash.h"
#include "http/dial/tunnel.h"
#include "tests/fuzz/fuzz.h"

static const char *const kinds[] = {
    "p", "u:p@p", "socks5://p", "socks5h://p", "socks5h://u:p@p", "socks5://u:@p",
};
static const char *const hosts[] = {"a.example", "::1", "127.0.0.1"};

struct end {
    enum tunnel_status status;
    enum error error;
    char detail[256];
    size_t sent;   /* bytes of all messages */
    uint32_t hash; /* of all messages, combined */
};

/* Sends all available output. */
static size_t drain(struct tunnel *tunnel, uint32_t *hash)
{
    size_t sent = 0, count;
    const char *output;

    while ((output = tunnel_output(tunnel, &count))) {
        MUST(count);
        *hash ^= hash_bytes(output, count);
        sent += count;
        tunnel_sent(tunnel, count);
    }
    MUST(!count);
    return sent;
}

static void check_end(const struct end *end)
{
    bool failed = end->status == TUNNEL_FAILED;

    MUST(failed == (end->error != ERROR_NONE));
    MUST(failed == (end->detail[0] != '\0'));
    MUST(!failed || !strncmp(end->detail, "the ", 4));
    MUST(!failed || strstr(end->detail, "proxy"));
    for (const char *at = end->detail; *at; at++)
        MUST(*at >= ' ' && *at < 0x7f);
}

static struct end run_tunnel(const struct proxy *proxy, const char *host, struct part rest,
                             const struct part *plan)
{
    struct tunnel *tunnel = tunnel_new(proxy, host, 443, NULL);
    struct end end = {0};

    end.sent = drain(tunnel, &end.hash);
    MUST(end.sent >= 3);
    for (size_t i = 0; rest.size && end.status == TUNNEL_MORE; i++) {
        struct part piece = part_piece(&rest, plan, i);

        end.status = tunnel_feed(tunnel, piece.at, piece.size);
        end.sent += drain(tunnel, &end.hash);
    }
    end.error = tunnel_error(tunnel);
    snprintf(end.detail, sizeof(end.detail), "%s", tunnel_detail(tunnel));
    tunnel_free(tunnel);
    check_end(&end);
    return end;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct part single = {(const uint8_t *)"1", 1};
    struct part rest = {data, size}, plan = part_line(&rest);
    uint8_t how = part_byte(&plan);
    const char *host = hosts[how / 6 % 3];
    struct end whole, bytes;
    struct proxy proxy;

    MUST(!proxy_parse(&proxy, kinds[how % 6]));
    whole = run_tunnel(&proxy, host, rest, &plan);
    bytes = run_tunnel(&proxy, host, rest, &single);
    if (whole.error != ERROR_PROXY_MALFORMED) {
        MUST(whole.status == bytes.status && whole.error == bytes.error);
        MUST(!strcmp(whole.detail, bytes.detail));
        MUST(whole.status == TUNNEL_FAILED ||
             (whole.sent == bytes.sent && whole.hash == bytes.hash));
    }
    proxy_free(&proxy);
    return 0;
}
