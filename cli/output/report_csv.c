/* Results as CSV (RFC 4180). */
#include "cli/output/report_format.h"
#include "cli/output/text.h"

void report_put_csv(const struct report *report, FILE *to, struct view *view)
{
    for (size_t i = 0; i < report->columns.count; i++) {
        struct value value = view_value(view, report->columns.list[i]);
        struct spelled spelled;

        if (i)
            putc_unlocked(',', to);
        report_spell(&spelled, &value);
        if (value.kind == VALUE_TEXT)
            text_csv(to, value.text, value.length, value.most);
        else if (spelled.at)
            put_bytes(to, spelled.at, spelled.length);
    }
    put(to, "\r\n");
}

void report_put_csv_header(const struct report *report, FILE *to)
{
    for (size_t i = 0; i < report->columns.count; i++) {
        put(to, i ? "," : "");
        put(to, field_rows[report->columns.list[i]].name);
    }
    put(to, "\r\n");
}
