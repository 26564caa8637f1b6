/* The only place that writes results. What a server sent passes through cli/text. */
#include "cli/report.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/text.h"

/* fprintf would be half of what a plain fetch costs outside the kernel. */
static void put(FILE *to, const char *text)
{
    fputs_unlocked(text, to);
}

/* In decimal, with zeros in front up to `digits`. */
static void put_number(FILE *to, uint64_t number, int digits)
{
    char text[20], *at = text + sizeof(text);

    for (; number || digits > 0; digits--, number /= 10)
        *--at = (char)('0' + number % 10);
    fwrite_unlocked(at, 1, (size_t)(text + sizeof(text) - at), to);
}

static void put_elapsed(FILE *to, nsec elapsed)
{
    nsec us = elapsed / NSEC_PER_US, s = us / 1000000;

    put_number(to, s / 3600, 1);
    put(to, ":");
    put_number(to, s / 60 % 60, 2);
    put(to, ":");
    put_number(to, s % 60, 2);
    put(to, ".");
    put_number(to, us % 1000000, 6);
    put(to, "s");
}

/* "connection refused", "malformed HTTP answer (Invalid header token)". */
static void put_error(FILE *to, const struct result *result)
{
    put(to, error_sentence(result->error));
    if (result->error == ERROR_TOTAL_TIMEOUT || result->error == ERROR_INTERRUPTED)
        fprintf(to, " (%s)", phase_name(result->phase));
    else if (result->detail && strcasecmp(result->detail, error_sentence(result->error)) != 0)
        fprintf(to, " (%s)", result->detail);
}

void report_text(FILE *to, const struct result *result)
{
    text_column(to, result->site->url.shown, REPORT_URL_COLUMNS);
    put(to, ": ");
    if (result->error) {
        put(to, "error: ");
        put_error(to, result);
    } else {
        text_show(to, result->snippet, result->snippet_bytes, REPORT_PREVIEW_CHARACTERS);
    }
    put(to, " in ");
    put_elapsed(to, result_elapsed(result));
    putc('\n', to);
}

static void put_text_or_null(FILE *to, const char *text)
{
    if (text && *text)
        text_json(to, text, strlen(text), TEXT_ALL);
    else
        put(to, "null");
}

/* Milliseconds with the microseconds kept. */
static void put_ms(FILE *to, nsec span)
{
    put_number(to, span / NSEC_PER_MS, 1);
    put(to, ".");
    put_number(to, span / NSEC_PER_US % 1000, 3);
}

static void put_json_error(FILE *to, const struct result *result)
{
    bool anywhere = result->error == ERROR_TOTAL_TIMEOUT || result->error == ERROR_INTERRUPTED;
    char *message = NULL;
    size_t length = 0;
    FILE *aside;

    if (!result->error) {
        put(to, "null");
        return;
    }
    aside = open_memstream(&message, &length);
    put_error(aside, result);
    fclose(aside);
    fprintf(to, "{\"phase\":\"%s\",\"code\":\"%s\",\"message\":",
            anywhere ? phase_name(result->phase) : error_phase(result->error),
            error_code(result->error));
    text_json(to, message, length, TEXT_ALL);
    putc('}', to);
    free(message);
}

static void put_json_timings(FILE *to, const struct result *result)
{
    nsec timings[PHASE_COUNT];

    result_timings(result, timings);
    for (enum phase phase = 0; phase < PHASE_COUNT; phase++) {
        put(to, phase ? ",\"" : "{\"");
        put(to, phase_name(phase));
        put(to, "\":");
        if (timings[phase] == NSEC_NEVER)
            put(to, "null");
        else
            put_ms(to, timings[phase]);
    }
    putc('}', to);
}

static void put_protocol(FILE *to, const struct result *result)
{
    if (!result->status) {
        put(to, "null");
        return;
    }
    put(to, "\"HTTP/");
    put_number(to, result->major, 1);
    put(to, ".");
    put_number(to, result->minor, 1);
    put(to, "\"");
}

static void put_json_tls(FILE *to, const struct tls_facts *facts)
{
    if (!facts->version) {
        put(to, "null");
        return;
    }
    put(to, "{\"version\":\"");
    put(to, facts->version);
    put(to, "\",\"cipher\":\"");
    put(to, facts->cipher);
    put(to, "\"}");
}

static void put_json_answer(FILE *to, const struct result *result)
{
    char address[ADDRESS_TEXT_BYTES];

    put(to, ",\"snippet\":");
    if (result->status)
        text_json(to, result->snippet, result->snippet_bytes, REPORT_PREVIEW_CHARACTERS);
    else
        put(to, "null");
    put(to, ",\"body_bytes\":");
    put_number(to, result->body_bytes, 1);
    put(to, ",\"address\":");
    put_text_or_null(to, address_text(&result->address, address));
    put(to, ",\"protocol\":");
    put_protocol(to, result);
    put(to, ",\"tls\":");
    put_json_tls(to, &result->tls);
}

void report_json(FILE *to, const struct result *result)
{
    put(to, "{\"schema\":\"firstbyte.fetch/1\",");
    if (result->mode) {
        put(to, "\"mode\":\"");
        put(to, result->mode);
        put(to, "\",");
    }
    put(to, "\"url\":");
    text_json(to, result->site->url.shown, strlen(result->site->url.shown), TEXT_ALL);
    put(to, ",\"status\":");
    if (result->status)
        put_number(to, result->status, 1);
    else
        put(to, "null");
    put(to, ",\"error\":");
    put_json_error(to, result);
    put_json_answer(to, result);
    put(to, ",\"elapsed_ms\":");
    put_ms(to, result_elapsed(result));
    put(to, ",\"timings\":");
    put_json_timings(to, result);
    put(to, "}\n");
}

static double seconds(nsec span)
{
    return (double)span / (double)NSEC_PER_S;
}

static double ratio(nsec a, nsec b)
{
    return b ? (double)a / (double)b : 0;
}

void report_race_text(FILE *to, const struct race_totals *totals)
{
    fprintf(to, "Synchronous example took %.6f seconds\n", seconds(totals->blocking));
    fprintf(to, "Asynchronous example took %.6f seconds\n", seconds(totals->reactor));
    fprintf(to,
            "%.2fx faster; the slowest site alone took %.6f seconds, so %.2fx is the most that any "
            "order can give\n",
            ratio(totals->blocking, totals->reactor), seconds(totals->slowest),
            ratio(totals->blocking, totals->slowest));
}

void report_race_json(FILE *to, const struct race_totals *totals)
{
    fprintf(to,
            "{\"schema\":\"firstbyte.race/1\",\"sync_s\":%.6f,\"async_s\":%.6f,\"speedup\":%.4f,"
            "\"slowest_s\":%.6f,\"bound\":%.4f}\n",
            seconds(totals->blocking), seconds(totals->reactor),
            ratio(totals->blocking, totals->reactor), seconds(totals->slowest),
            ratio(totals->blocking, totals->slowest));
}
