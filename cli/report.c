/* The only place that writes results. What a server sent passes through cli/text. */
#include "cli/report.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/text.h"

static void put_elapsed(FILE *to, nsec elapsed)
{
    nsec us = elapsed / NSEC_PER_US, s = us / 1000000;

    fprintf(to, "%u:%02u:%02u.%06us", (unsigned)(s / 3600), (unsigned)(s / 60 % 60),
            (unsigned)(s % 60), (unsigned)(us % 1000000));
}

/* "connection refused", "malformed HTTP answer (Invalid header token)". */
static void put_error(FILE *to, const struct result *result)
{
    fputs(error_sentence(result->error), to);
    if (result->error == ERROR_TOTAL_TIMEOUT || result->error == ERROR_INTERRUPTED)
        fprintf(to, " (%s)", phase_name(result->phase));
    else if (result->detail && strcasecmp(result->detail, error_sentence(result->error)) != 0)
        fprintf(to, " (%s)", result->detail);
}

void report_text(FILE *to, const struct result *result)
{
    text_column(to, result->site->url.shown, REPORT_URL_COLUMNS);
    fputs(": ", to);
    if (result->error) {
        fputs("error: ", to);
        put_error(to, result);
    } else {
        text_show(to, result->snippet, result->snippet_bytes, REPORT_PREVIEW_CHARACTERS);
    }
    fputs(" in ", to);
    put_elapsed(to, result_elapsed(result));
    putc('\n', to);
}

static void put_text_or_null(FILE *to, const char *text)
{
    if (text && *text)
        text_json(to, text, strlen(text), TEXT_ALL);
    else
        fputs("null", to);
}

/* Milliseconds with the microseconds kept. */
static void put_ms(FILE *to, nsec span)
{
    fprintf(to, "%llu.%03u", (unsigned long long)(span / NSEC_PER_MS),
            (unsigned)(span / NSEC_PER_US % 1000));
}

static void put_json_error(FILE *to, const struct result *result)
{
    bool anywhere = result->error == ERROR_TOTAL_TIMEOUT || result->error == ERROR_INTERRUPTED;
    char *message = NULL;
    size_t length = 0;
    FILE *aside;

    if (!result->error) {
        fputs("null", to);
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
        fprintf(to, "%s\"%s\":", phase ? "," : "{", phase_name(phase));
        if (timings[phase] == NSEC_NEVER)
            fputs("null", to);
        else
            put_ms(to, timings[phase]);
    }
    putc('}', to);
}

static void put_json_answer(FILE *to, const struct result *result)
{
    char address[ADDRESS_TEXT_BYTES];

    fputs(",\"snippet\":", to);
    if (result->status)
        text_json(to, result->snippet, result->snippet_bytes, REPORT_PREVIEW_CHARACTERS);
    else
        fputs("null", to);
    fprintf(to, ",\"body_bytes\":%llu,\"address\":", (unsigned long long)result->body_bytes);
    put_text_or_null(to, address_text(&result->address, address));
    if (result->status)
        fprintf(to, ",\"protocol\":\"HTTP/%u.%u\"", result->major, result->minor);
    else
        fputs(",\"protocol\":null", to);
    if (result->tls.version)
        fprintf(to, ",\"tls\":{\"version\":\"%s\",\"cipher\":\"%s\"}", result->tls.version,
                result->tls.cipher);
    else
        fputs(",\"tls\":null", to);
}

void report_json(FILE *to, const struct result *result)
{
    fputs("{\"schema\":\"firstbyte.fetch/1\",", to);
    if (result->mode)
        fprintf(to, "\"mode\":\"%s\",", result->mode);
    fputs("\"url\":", to);
    text_json(to, result->site->url.shown, strlen(result->site->url.shown), TEXT_ALL);
    if (result->status)
        fprintf(to, ",\"status\":%u,\"error\":", result->status);
    else
        fputs(",\"status\":null,\"error\":", to);
    put_json_error(to, result);
    put_json_answer(to, result);
    fputs(",\"elapsed_ms\":", to);
    put_ms(to, result_elapsed(result));
    fputs(",\"timings\":", to);
    put_json_timings(to, result);
    fputs("}\n", to);
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
