/* Character sets that pages declare, complete and truncated at every byte. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "http/body/page_charset.h"

static void assert_charset(const struct charset *charset, const char *name, const char *what)
{
    const char *is = charset ? charset->name : "(none)", *wanted = name ? name : "(none)";

    if (strcmp(is, wanted) != 0)
        fail_msg("\"%s\": %s, not %s", what, is, wanted);
}

static const struct {
    const char *page, *name;
} pages[] = {
    {"", NULL},
    {"<meta charset=sjis>", "shift_jis"},
    {"<META CHARSET=SJIS>", "shift_jis"},
    {"<meta charset='sjis'>", "shift_jis"},
    {"<meta charset=\"sjis\"/>", "shift_jis"},
    {"<meta charset=\" sjis \">", "shift_jis"},
    {"<meta/charset=sjis/>", NULL}, /* the label is "sjis/" */
    {"<meta/charset=sjis />", "shift_jis"},
    {"<meta\ncharset\t=\r\n sjis\f>", "shift_jis"},
    {"<meta name=x charset=sjis>", "shift_jis"},
    {"<meta charset=sjis charset=big5>", "shift_jis"},
    {"<meta charset=nonsense><meta charset=big5>", "big5"},
    {"<meta charset><meta charset=><meta charset=big5>", "big5"},
    {"<metacharset=sjis>", NULL},
    {"<meta>charset=sjis", NULL},
    {"<meta charset=utf-16>", "utf-8"},
    {"<meta charset=utf-16be>", "utf-8"},
    {"<meta charset=sjis", NULL},
    {"<meta charset=\"sjis>", NULL},
    {"<meta charset=sjis ", NULL},
    {"<meta charset=sjis x='>", NULL},
    {"<!doctype html><html lang=de><head><title>a < b</title><meta charset=latin1>",
     "windows-1252"},
    {"<meta http-equiv=content-type content='text/html; charset=sjis'>", "shift_jis"},
    {"<meta content='text/html; charset=sjis' http-equiv=Content-Type>", "shift_jis"},
    {"<meta http-equiv=\"Content-Type\" content=\"text/html;charset=\'sjis\'\">", "shift_jis"},
    {"<meta http-equiv=content-type content='charset = sjis ; x'>", "shift_jis"},
    {"<meta http-equiv=content-type content='charset charset=sjis'>", "shift_jis"},
    {"<meta http-equiv=content-type content='charsetcharset=sjis;big5'>", "shift_jis"},
    {"<meta http-equiv=content-type content='charset=\"sjis'>", NULL},
    {"<meta http-equiv=content-type content='charset='>", NULL},
    {"<meta http-equiv=content-type content='charset'>", NULL},
    {"<meta http-equiv=content-type content='text/html; charset=utf-16'>", "utf-8"},
    {"<meta content='text/html; charset=sjis'>", NULL},
    {"<meta http-equiv=refresh content='text/html; charset=sjis'>", NULL},
    {"<meta http-equiv=refresh http-equiv=content-type content='charset=sjis'>", NULL},
    {"<meta http-equiv=content-type content='charset=sjis' charset=big5>", "big5"},
    {"<meta charset=big5 http-equiv=content-type content='charset=sjis'>", "big5"},
    {"<meta content='charset=sjis' charset=big5>", "big5"},
    {"<meta content=x content='charset=sjis' http-equiv=content-type>", NULL},
    {"<!-- <meta charset=sjis> --><meta charset=big5>", "big5"},
    {"<!--><meta charset=sjis> --><meta charset=big5>", "shift_jis"},
    {"<!---><meta charset=sjis>", "shift_jis"},
    {"<!-- <meta charset=sjis>", NULL},
    {"<a title='<meta charset=sjis>'><meta charset=big5>", "big5"},
    {"<a title=<meta charset=sjis><meta charset=big5>", "big5"},
    {"</a title='<meta charset=sjis>'><meta charset=big5>", "big5"},
    {"<a title='<meta charset=sjis>", NULL},
    {"<a<meta charset=sjis><meta charset=big5>", "big5"},
    {"<?php '<meta charset=sjis>' ?><meta charset=big5>", "big5"},
    {"<! <meta charset=sjis><meta charset=big5>", "big5"},
    {"</ <meta charset=sjis><meta charset=big5>", "big5"},
    {"</><meta charset=big5>", "big5"},
    {"<<meta charset=sjis>", "shift_jis"},
    {"< meta charset=sjis>", NULL},
    {"<1><meta charset=sjis>", "shift_jis"},
    {"<", NULL},
    {"</", NULL},
    {"</a", NULL},
    {"<meta", NULL},
    {"<meta ", NULL},
    {"<meta =charset=sjis><meta charset=big5>", "big5"},
    {"<?xml version='1.0' encoding='sjis'?>", "shift_jis"},
    {"<?xml version=\"1.0\" encoding = \"sjis\" ?>", "shift_jis"},
    {"<?xml version='1.0' encoding='utf-16'?>", "utf-8"},
    {"<?xml version='1.0' encoding='nonsense'?>", NULL},
    {"<?xml version='1.0'?><x encoding='sjis'>", NULL},
    {"<?xml version='1.0' encoding=sjis?>", NULL},
    {"<?xml version='1.0' encoding='sjis?>", NULL},
    {"<?xml version='1.0' encoding 'sjis'?>", NULL},
    {"<?xml version='1.0' encoding='sjis'", NULL},
    {"<?xml encoding", NULL},
    {"<?xml encoding>", NULL},
    {"<?xml encoding=>", NULL},
    {" <?xml version='1.0' encoding='sjis'?>", NULL},
    {"<?xml version='1.0' encoding='sjis'?><meta charset=big5>", "big5"},
    {"<?xml version='1.0' encoding='sjis'?><a title='", "shift_jis"},
};

static void declared_charsets(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(pages); i++) {
        size_t length = strlen(pages[i].page);
        unsigned char *exact = malloc(length + !length);

        memcpy(exact, pages[i].page, length);
        assert_charset(page_charset(exact, length), pages[i].name, pages[i].page);
        free(exact);
    }
    assert_charset(page_charset((const unsigned char *)"<\0?\0x\0m\0", 8), "utf-16le", "<?xm");
    assert_charset(page_charset((const unsigned char *)"\0<\0?\0x\0m", 8), "utf-16be", "<?xm");
}

/* No byte after the end is read. A truncated page has the charset of the whole page, or none. */
static void truncated_pages(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(pages); i++) {
        for (size_t length = 0; length < strlen(pages[i].page); length++) {
            unsigned char *part = malloc(length + !length);

            memcpy(part, pages[i].page, length);
            page_charset(part, length);
            free(part);
        }
    }
}

static void search_has_a_limit(void **state)
{
    static const char meta[] = "<meta charset=sjis>";
    size_t bytes = sizeof(meta) - 1;
    unsigned char page[2 * PAGE_CHARSET_BYTES];

    (void)state;
    memset(page, ' ', sizeof(page));
    memcpy(page + PAGE_CHARSET_BYTES - bytes, meta, bytes);
    assert_charset(page_charset(page, sizeof(page)), "shift_jis", meta);
    memset(page, ' ', sizeof(page));
    memcpy(page + PAGE_CHARSET_BYTES - bytes + 1, meta, bytes);
    assert_charset(page_charset(page, sizeof(page)), NULL, meta);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(declared_charsets),
        cmocka_unit_test(truncated_pages),
        cmocka_unit_test(search_has_a_limit),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("page_charset", tests, NULL, NULL);
}
