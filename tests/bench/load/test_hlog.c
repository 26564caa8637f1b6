/* The log, decoded by the test: its head, its lines, and each count. */
#include "tests/support/unit.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "bench/load/hlog.h"

#define BEGAN (UINT64_C(1793000000) * NSEC_PER_S + 123456789) /* 2026-10-26T07:33:20Z */
#define HEAD                                                                                       \
    "#[firstbyte bench: values in nanoseconds, Interval_Max in milliseconds]\n"                    \
    "#[Histogram log format version 1.3]\n"                                                        \
    "#[StartTime: 1793000000.123 (seconds since epoch), 2026-10-26T07:33:20Z]\n"                   \
    "#[BaseTime: 1793000000.123 (seconds since epoch)]\n"                                          \
    "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n"
#define FROM   (12 * NSEC_PER_S + 345678901)
#define PERIOD (1 * NSEC_PER_S + 1500000)

#define HEAD_BYTES       40 /* before the counts */
#define COMPRESSED_BYTES 8  /* before the compressed data */
#define TEXT_MAX         (1 << 20)

static char path[PATH_MAX];

static void name_file(void)
{
    close(unit_file(path, sizeof(path)));
}

/* The content of the file. The caller frees it. */
static char *content(void)
{
    char *text = calloc(1, TEXT_MAX);
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    assert_in_range(fread(text, 1, TEXT_MAX - 1, file), 1, TEXT_MAX - 2);
    fclose(file);
    return text;
}

/* A log of one interval. The caller frees it. */
static char *log_of(const struct histogram *histogram)
{
    struct hlog *hlog;
    int error = 0;

    name_file();
    hlog = hlog_open(path, BEGAN, &error);
    assert_non_null(hlog);
    hlog_interval(hlog, FROM, PERIOD, histogram);
    assert_int_equal(hlog_close(hlog), 0);
    return content();
}

/* Decodes base64 up to the end of the line. Returns the number of bytes. */
static size_t decode_base64(const char *text, unsigned char *bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned long all = 0;
    unsigned bits = 0;
    size_t length = 0;

    for (; *text != '\n' && *text != '='; text++) {
        const char *digit = strchr(digits, *text);

        assert_true(*text && digit);
        all = (all << 6 | (unsigned long)(digit - digits)) & 0xffffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes[length++] = (unsigned char)(all >> bits);
        }
    }
    return length;
}

static uint64_t big_endian(const unsigned char *bytes, unsigned length)
{
    uint64_t number = 0;

    while (length--)
        number = number << 8 | *bytes++;
    return number;
}

/* Decodes a number of the payload: ZigZag, LEB128 of at most 9 bytes. */
static int64_t take_number(const unsigned char **at)
{
    uint64_t bits = 0;

    for (unsigned i = 0; i < 8; i++) {
        unsigned char byte = *(*at)++;

        bits |= (uint64_t)(byte & 0x7f) << 7 * i;
        if (!(byte & 0x80))
            return (int64_t)(bits >> 1 ^ -(bits & 1));
    }
    bits |= (uint64_t) * (*at)++ << 56;
    return (int64_t)(bits >> 1 ^ -(bits & 1));
}

static void check_head(const unsigned char *plain, size_t payload)
{
    const double one = 1.0;
    uint64_t ratio;

    memcpy(&ratio, &one, sizeof(ratio));
    assert_int_equal(big_endian(plain, 4), 0x1c849313);
    assert_int_equal(big_endian(plain + 4, 4), payload);
    assert_int_equal(big_endian(plain + 8, 4), 0);
    assert_int_equal(big_endian(plain + 12, 4), 3);
    assert_int_equal(big_endian(plain + 16, 8), 1);
    assert_int_equal(big_endian(plain + 24, 8), UINT64_C(3600000000000));
    assert_true(big_endian(plain + 32, 8) == ratio);
}

/* Compares the counts. Runs of zeros have two or more, are separate, and are not at the end. */
static void check_counts(const unsigned char *at, const unsigned char *end,
                         const struct histogram *histogram)
{
    size_t index = 0;
    bool zeros = false;

    while (at < end) {
        int64_t number = take_number(&at);

        assert_true(number != -1 && !(zeros && number <= 0));
        zeros = number <= 0;
        if (number > 0) {
            assert_true(index < HISTOGRAM_COUNTS);
            assert_true(histogram->counts[index] == (uint64_t)number);
            index++;
        } else {
            for (int64_t run = number ? -number : 1; run; run--)
                assert_int_equal(histogram->counts[index++], 0);
        }
    }
    assert_ptr_equal(at, end);
    assert_int_equal(zeros, !histogram->count);
    for (; index < HISTOGRAM_COUNTS; index++)
        assert_int_equal(histogram->counts[index], 0);
}

/* Decodes and checks the last field of a line. */
static void check_encoded(const char *text, const struct histogram *histogram)
{
    unsigned char *packed = calloc(1, TEXT_MAX), *plain = calloc(1, TEXT_MAX);
    size_t length = decode_base64(text, packed);
    uLongf bytes = TEXT_MAX;

    assert_in_range(length, COMPRESSED_BYTES + 1, TEXT_MAX);
    assert_int_equal(big_endian(packed, 4), 0x1c849314);
    assert_int_equal(big_endian(packed + 4, 4), length - COMPRESSED_BYTES);
    assert_int_equal(
        uncompress(plain, &bytes, packed + COMPRESSED_BYTES, length - COMPRESSED_BYTES), Z_OK);
    assert_in_range(bytes, HEAD_BYTES + 1, TEXT_MAX);
    check_head(plain, bytes - HEAD_BYTES);
    check_counts(plain + HEAD_BYTES, plain + bytes, histogram);
    free(packed);
    free(plain);
}

/* The log holds the head and one line with these fields. */
static void check_log(const struct histogram *histogram, const char *fields)
{
    char *text = log_of(histogram), *line = text + strlen(HEAD);

    assert_int_equal(strncmp(text, HEAD, strlen(HEAD)), 0);
    if (strncmp(line, fields, strlen(fields)) != 0)
        fail_msg("%.40s", line);
    check_encoded(line + strlen(fields), histogram);
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    free(text);
}

static void values_of_every_size(void **state)
{
    static const nsec values[] = {
        0, 1, 2, 3, 5, 2047, 2048, 2049, 4096, 123456789, 123456789, HISTOGRAM_MAX, NSEC_NEVER};
    struct histogram *histogram = histogram_new();

    (void)state;
    for (size_t i = 0; i < LENGTH(values); i++)
        histogram_record(histogram, values[i]);
    check_log(histogram, "12.345,1.001,3600000.000,");
    histogram_free(histogram);
}

static void interval_without_a_value(void **state)
{
    struct histogram *histogram = histogram_new();

    (void)state;
    check_log(histogram, "12.345,1.001,0.000,");
    histogram_record(histogram, 0);
    check_log(histogram, "12.345,1.001,0.000,");
    histogram_free(histogram);
}

static void random_values(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 20; round++) {
        struct histogram *histogram = histogram_new();

        for (unsigned i = 0; i < 50u << round / 2; i++)
            histogram_record(histogram, round % 2 ? unit_random() % 5000
                                                  : unit_random() >> unit_random() % 32);
        histogram_record(histogram, 1234567890); /* usually the greatest */
        if (histogram->max == 1234567890)
            check_log(histogram, "12.345,1.001,1234.567,");
        histogram_free(histogram);
    }
}

/* Counts of each encoded length, up to the greatest possible count. */
static void counts_of_every_size(void **state)
{
    struct histogram *histogram = histogram_new();

    (void)state;
    for (unsigned bits = 0; bits < 63; bits++)
        for (int off = -1; off <= 1; off++) {
            nsec value = 10 * NSEC_PER_US + 100 * NSEC_PER_US * bits + (uint64_t)(off + 1) * 30000;
            uint64_t count = (UINT64_C(1) << bits) + (uint64_t)off;

            histogram_record(histogram, value);
            histogram->counts[histogram_index(value)] = count ? count : 1;
        }
    histogram_record(histogram, 20 * NSEC_PER_MS);
    histogram->counts[histogram_index(20 * NSEC_PER_MS)] = INT64_MAX;
    check_log(histogram, "12.345,1.001,20.000,");
    histogram_free(histogram);
}

static void all_indexes_with_the_longest_numbers(void **state)
{
    struct histogram *histogram = histogram_new();

    (void)state;
    for (uint32_t index = 0; index <= histogram_index(HISTOGRAM_MAX); index++) {
        uint64_t count = (uint64_t)unit_random() << 31 | UINT64_C(1) << 62 | unit_random();

        histogram_record(histogram, histogram_low(index));
        histogram->counts[index] = count;
    }
    check_log(histogram, "12.345,1.001,3599182.594,");
    histogram_free(histogram);
}

static void each_interval_is_written_immediately(void **state)
{
    struct histogram *histogram = histogram_new();
    struct hlog *hlog;
    char *text, *line;
    int error = 0;

    (void)state;
    name_file();
    hlog = hlog_open(path, BEGAN, &error);
    for (unsigned i = 0; i < 3; i++) {
        char fields[64];

        histogram_clear(histogram);
        histogram_record(histogram, (i + 1) * NSEC_PER_MS);
        hlog_interval(hlog, i * NSEC_PER_S, NSEC_PER_S, histogram);

        text = content();
        snprintf(fields, sizeof(fields), "\n%u.000,1.000,%u.000,", i, i + 1);
        line = strstr(text, fields);
        assert_non_null(line);
        check_encoded(line + strlen(fields), histogram);
        free(text);
    }
    assert_int_equal(hlog_close(hlog), 0);
    histogram_free(histogram);
}

static void existing_file_is_replaced(void **state)
{
    FILE *file;
    char *text;
    int error = 0;

    (void)state;
    name_file();
    file = fopen(path, "w");
    for (int i = 0; i < 1000; i++)
        fputs("old content\n", file);
    fclose(file);
    assert_int_equal(hlog_close(hlog_open(path, BEGAN, &error)), 0);
    text = content();
    assert_string_equal(text, HEAD);
    free(text);
}

static void creation_errors_are_reported(void **state)
{
    int error = 0;

    (void)state;
    assert_null(hlog_open("/nowhere/at/all.hlog", BEGAN, &error));
    assert_int_equal(error, ENOENT);
    assert_null(hlog_open("/", BEGAN, &error));
    assert_int_equal(error, EISDIR);
}

static void full_disk_is_reported(void **state)
{
    struct histogram *histogram = histogram_new();
    struct hlog *hlog;
    int error = 0;

    (void)state;
    for (unsigned i = 0; i < 10000; i++) /* a line longer than any buffer */
        histogram_record(histogram, unit_random());
    for (unsigned intervals = 0; intervals < 3; intervals++) {
        hlog = hlog_open("/dev/full", BEGAN, &error);
        assert_non_null(hlog);
        for (unsigned i = 0; i < intervals; i++)
            hlog_interval(hlog, i * NSEC_PER_S, NSEC_PER_S, histogram);
        errno = EAGAIN; /* an unrelated error */
        assert_int_equal(hlog_close(hlog), ENOSPC);
    }
    histogram_free(histogram);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_every_size),
        cmocka_unit_test(interval_without_a_value),
        cmocka_unit_test(random_values),
        cmocka_unit_test(counts_of_every_size),
        cmocka_unit_test(all_indexes_with_the_longest_numbers),
        cmocka_unit_test(each_interval_is_written_immediately),
        cmocka_unit_test(existing_file_is_replaced),
        cmocka_unit_test(creation_errors_are_reported),
        cmocka_unit_test(full_disk_is_reported),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("hlog", tests, NULL, NULL);
}
