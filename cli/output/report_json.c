/* Results as JSON. The kind of a value determines how it is written. */

#include "cli/output/json.h"
#include "cli/output/report.h"
#include "cli/output/report_format.h"

static void put_value(const struct report *report, struct json *json, struct view *view,
                      const struct value *value);

/* Writes "version":value, or with `whole` the dotted name. */
static void put_member(const struct report *report, struct json *json, struct view *view,
                       enum field field, bool whole, const struct value *value)
{
    const struct field_row *row = &field_rows[field];

    json_member(json, whole ? row->member : row->own_member,
                whole ? row->member_bytes : row->own_member_bytes);
    put_value(report, json, view, value);
}

static void put_object(const struct report *report, struct json *json, struct view *view,
                       enum field object)
{
    json_object(json, NULL);
    for (enum field i = object + 1; i < FIELD_COUNT && field_rows[i].parent == object; i++) {
        struct value value = view_value(view, i);

        put_member(report, json, view, i, false, &value);
    }
    json_object_end(json);
}

static void put_members(const struct report *report, struct json *json, struct view *view,
                        const struct columns *columns, bool absent_too)
{
    for (size_t i = 0; i < columns->count; i++) {
        struct value value = view_value(view, columns->list[i]);

        if (value.kind != VALUE_ABSENT || absent_too)
            put_member(report, json, view, columns->list[i], true, &value);
    }
}

/* Writes a redirect or an earlier attempt with the fields of a result. */
static void put_leg(const struct report *report, struct json *json, const struct leg *leg)
{
    struct site site = {.url = {.shown = leg->url}};
    struct result result = {.site = &site,
                            .status = leg->status,
                            .error = leg->error,
                            .phase = leg->phase,
                            .detail = leg->detail,
                            .address = leg->address,
                            .stamps = leg->stamps};
    struct view view;

    view_open(&view, &result, &report->values);
    json_object(json, NULL);
    put_members(report, json, &view, leg->redirect ? &report->redirect : &report->attempt, true);
    if (!leg->redirect)
        json_fixed(json, "waited_ms", leg->waited / NSEC_PER_US, 3);
    json_object_end(json);
}

static void put_legs(const struct report *report, struct json *json, const struct result *result,
                     bool redirects)
{
    json_array(json, NULL);
    for (size_t i = 0; i < result->leg_count; i++)
        if (result->legs[i].redirect == redirects)
            put_leg(report, json, &result->legs[i]);
    json_array_end(json);
}

static void put_names(struct json *json, const struct tls_certificate *certificate)
{
    json_array(json, NULL);
    for (size_t i = 0; i < certificate->name_count; i++)
        json_string(json, NULL, certificate->names[i]);
    json_array_end(json);
}

static void put_value(const struct report *report, struct json *json, struct view *view,
                      const struct value *value)
{
    struct spelled spelled;

    switch (value->kind) {
    case VALUE_TEXT: json_text(json, NULL, value->text, value->length, value->max); return;
    case VALUE_OBJECT: put_object(report, json, view, value->object); return;
    case VALUE_NAMES: put_names(json, view->result->tls.certificate); return;
    case VALUE_REDIRECTS: put_legs(report, json, view->result, true); return;
    case VALUE_ATTEMPTS: put_legs(report, json, view->result, false); return;
    default: break;
    }
    report_spell(&spelled, value);
    if (!spelled.at)
        json_null(json, NULL);
    else if (value->kind == VALUE_WORD || value->kind == VALUE_DATE)
        json_plain(json, NULL, spelled.at, spelled.length);
    else
        json_encoded(json, NULL, spelled.at, spelled.length);
}

void report_put_json(const struct report *report, FILE *to, struct view *view)
{
    struct json json;

    json_begin(&json, to);
    json_object(&json, NULL);
    put_members(report, &json, view, &report->columns, report->chosen);
    json_object_end(&json);
    json_end(&json);
}

void report_race_json(FILE *to, const struct race_totals *totals)
{
    struct json json;

    json_begin(&json, to);
    json_object(&json, NULL);
    json_string(&json, "schema", "firstbyte.race/1");
    json_real(&json, "sync_s", clock_seconds(totals->blocking), 6);
    json_real(&json, "async_s", clock_seconds(totals->reactor), 6);
    json_real(&json, "speedup", ratio(totals->blocking, totals->reactor), 4);
    json_real(&json, "slowest_s", clock_seconds(totals->slowest), 6);
    json_real(&json, "bound", ratio(totals->blocking, totals->slowest), 4);
    json_object_end(&json);
    json_end(&json);
}
