/* Reports as JSON, checked with the schema in tests/schema, and as CSV. */
#include "tests/support/sample_run.h"

static void test_json(void **state)
{
    struct sample_run sample;

    (void)state;
    sample_open_normal(&sample);
    assert_string_equal(schema_problems(&sample), "");
    ASSERT_LINES(
        written, "{\"schema\":\"firstbyte.bench/1\",\"began\":\"2026-10-26T07:33:20.250Z\",",
        "\"url\":\"http://127.0.0.1:8080/\",\"targets\":1,\"method\":\"GET\",",
        "\"loop\":\"closed\",\"rate\":null,", "\"duration_s\":10.000000000,", "\"requests\":null,",
        "\"interrupted\":false,\"gave_up\":null,\"totals\":{\"scheduled\":200064,\"waiting\":0,",
        "\"started\":200064,",
        "\"completed\":200000,\"failed\":0,\"in_flight\":64,\"duration_s\":10.000000000,",
        "\"rps\":20000.000,\"bytes_in\":170000000,",
        "\"latency_us\":{\"count\":200064,\"clamped\":0,\"min\":", "\"kernel_latency_us\":{",
        "\"client_delay_us\":{", "\"longest_gap_s\":0.003100000,", "\"errors\":{},",
        "\"status\":{\"200\":200000},", "\"client\":{\"verdict\":\"ok\",\"reasons\":[],",
        "\"starved_share\":0.000000,\"suspended_share\":0.000000,\"longest_suspension_s\":null,",
        "\"late_share\":null,", "\"within_100us_share\":null,\"lateness_us\":null,",
        "\"intervals\":[{\"from_s\":0.000000,\"to_s\":1.000000,", "\"p50_us\":250.000,",
        "},{\"from_s\":1.000000,", "\"p50_us\":null,");
    assert_null(strstr(written, "raw_latency"));
    assert_null(strstr(written, "\"slo\""));
    assert_string_equal(written + written_bytes - 4, "}]}\n");
    sample_close(&sample);
}

static void test_json_of_open_loops(void **state)
{
    struct sample_run sample;

    (void)state;
    sample_open_stall(&sample);
    assert_string_equal(schema_problems(&sample), "");
    ASSERT_LINES(
        written, "\"loop\":\"open\",\"rate\":1000,", "\"raw_latency_us\":{\"count\":9997,",
        "\"kernel_latency_us\":null,\"client_delay_us\":null,",
        "\"slo\":[{\"name\":\"p50\",\"unit\":\"us\",\"limit\":1000.000,\"measured\":",
        "{\"name\":\"errors\",\"unit\":\"share\",\"limit\":0.001000000,\"measured\":0.000000000,",
        "\"held\":true}");
    sample_close(&sample);
    sample_open_saturated(&sample);
    sample.request.head = true;
    assert_string_equal(schema_problems(&sample), "");
    ASSERT_LINES(written, "\"url\":\"https://bench.example/search?q=\\u001b[2J\",\"targets\":3,",
                 "\"method\":\"HEAD\",", "\"arrival\":\"poisson\",", "\"interrupted\":true,",
                 "\"errors\":{\"timeout.total\":17,\"connect.refused\":312,\"http.reset\":1204},",
                 "\"status\":{\"200\":148496,\"429\":4,\"503\":1500},",
                 "\"verdict\":\"saturated\",\"reasons\":[\"busy\",\"late\"],",
                 "\"late_share\":0.434000,");
    sample_close(&sample);
}

/* A rate is reported as requested, however small. */
static void test_json_of_rates(void **state)
{
    static const struct {
        double rate;
        const char *text;
    } cases[] = {{1.0 / 3600, "\"rate\":0.0002777777777777778,"},
                 {1.0 / 86400, "\"rate\":1.1574074074074073e-05,"},
                 {0.5, "\"rate\":0.5,"},
                 {33.3, "\"rate\":33.3,"},
                 {1234567.5, "\"rate\":1234567.5,"},
                 {10000000, "\"rate\":10000000,"}};

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct sample_run sample;

        sample_open(&sample);
        sample.load.run.open_loop = true;
        sample.load.run.schedule.from_rate = sample.load.run.schedule.to_rate = cases[i].rate;
        sample.total->to = 3600 * S;
        add_completed(&sample, 1);
        assert_null(slo_parse(&sample.slo, "rps=0.0002"));
        slo_judge(&sample.slo, sample.total);
        assert_string_equal(schema_problems(&sample), "");
        ASSERT_LINES(written, cases[i].text, "\"rps\":0.000277778,",
                     "\"limit\":0.0002,\"measured\":0.000277778,\"held\":true");
        sample_close(&sample);
    }
}

/* Header fields and credentials are not reported. */
static void test_json_without_secrets(void **state)
{
    char header[] = "Authorization: Bearer sesame\r\n";
    struct sample_run sample;

    (void)state;
    sample_open(&sample);
    sample.request.headers = header;
    sample.request.user = "ali:sesame";
    sample.request.cookie = "sesame=1";
    sample.load.run.duration = NSEC_NEVER;
    sample.load.run.timeout = NSEC_NEVER;
    sample.load.run.requests = 7;
    assert_string_equal(schema_problems(&sample), "");
    assert_null(strstr(written, "sesame"));
    ASSERT_LINES(written, "\"duration_s\":null,", "\"requests\":7,\"timeout_s\":null,");
    sample_close(&sample);
}

static void test_addresses(void **state)
{
    struct sample_run sample;
    struct tally_address *all;
    const char *text;

    (void)state;
    sample_open(&sample);
    add_completed(&sample, 3000);
    set_client(&sample, 0.3, 5 * US);
    all = sample.total->addresses;
    sample.total->address_count = 1;
    address_parse(&all[0].address, "192.0.2.1", 80);
    all[0].connections = 32;
    all[0].completed = 2000;
    all[0].time = 500 * MS;
    assert_null(strstr(text_of(&sample, false, 0), "Addresses")); /* only one address */
    sample.total->address_count = 4;
    address_parse(&all[1].address, "2001:db8::1", 80);
    all[1].connections = 1;
    all[1].failed = 7;
    all[1].dropped = ERROR_CONNECT_TIMEOUT;
    address_parse(&all[2].address, "192.0.2.3", 80);
    all[2].refused = 2;
    all[2].dropped = ERROR_CONNECT_REFUSED;
    all[3].connections = 1000;
    text = text_of(&sample, false, 0);
    ASSERT_LINES(text,
                 "\nAddresses    192.0.2.1:80      32 connections, 2,000 completed, mean 250 us\n",
                 "\n             [2001:db8::1]:80  1 connection, 0 completed, 7 failed; dropped:",
                 "\n             192.0.2.3:80      dropped: connection refused\n",
                 "\n             others            1,000 connections, 0 completed\n");
    assert_string_equal(schema_problems(&sample), "");
    ASSERT_LINES(json_of(&sample),
                 "\"addresses\":[{\"address\":\"192.0.2.1:80\",\"connections\":32,\"refused\":0,"
                 "\"completed\":2000,\"failed\":0,\"mean_us\":250.000,\"dropped\":null},",
                 "{\"address\":\"192.0.2.3:80\",\"connections\":0,\"refused\":2,\"completed\":0,"
                 "\"failed\":0,\"mean_us\":null,\"dropped\":\"connect.refused\"},"
                 "{\"address\":null,\"connections\":1000,");
    sample_close(&sample);
}

static void test_csv(void **state)
{
    struct sample_run sample;

    (void)state;
    sample_open(&sample);
    fill_intervals(&sample);
    assert_string_equal(
        csv_of(&sample),
        "from_s,to_s,scheduled,waiting,started,completed,failed,in_flight,rps,bytes_in,bytes_out,"
        "connections,p50_us,p90_us,p99_us,p99.9_us,max_us,lag_p99_us,busy_share\r\n"
        "0.000000,1.000000,1000,0,1000,1000,0,0,1000.000,850000,0,0,250.000,250.000,250.000,"
        "250.000,250.000,2.000,0.250000\r\n"
        "1.000000,2.000000,7,7,0,0,0,0,0.000,0,0,0,,,,,,2.000,0.250000\r\n"
        "2.000000,3.000000,1000,0,1000,1000,0,0,1000.000,850000,0,0,250.000,250.000,250.000,"
        "250.000,250.000,2.000,0.250000\r\n");
    sample_close(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json),          cmocka_unit_test(test_json_of_open_loops),
        cmocka_unit_test(test_json_of_rates), cmocka_unit_test(test_json_without_secrets),
        cmocka_unit_test(test_addresses),     cmocka_unit_test(test_csv),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, end);
}
