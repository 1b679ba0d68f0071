#include "proto/imap/parse.h"

#include <string.h>

static const struct {
	const char *wire, *text;
} pairs[] = {
        {"", ""},
        {"INBOX", "INBOX"},
        {"Entw&APw-rfe", "Entwürfe"},
        {"~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"},
        {"Tom &- Jerry", "Tom & Jerry"},
        {"&-", "&"},
        {"&-&-", "&&"},
        {"&AOQ-&-&APY-", "ä&ö"},
        {"&AOQA9g-", "äö"},
        {"&AOQ--", "ä-"},
        {"a-b", "a-b"},
        {"&2D3eAA-", "😀"},
        {"&2D3eANg93gE-x", "😀😁x"},
        {"&AAk-", "\t"},
        {"&AH8-", "\x7f"},
        {"\"\\*%", "\"\\*%"},
};

static void
names_go_both_ways(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(pairs); i++) {
		g_autofree char *text =
		        imap_utf7_to_utf8((const unsigned char *)pairs[i].wire, strlen(pairs[i].wire));
		g_autofree char *wire = imap_utf8_to_utf7(pairs[i].text);

		g_assert_cmpstr(text, ==, pairs[i].text);
		g_assert_cmpstr(wire, ==, pairs[i].wire);
	}
}

static void
every_character_goes_both_ways(void)
{
	for (gunichar c = 1; c <= 0x10ffff; c += c < 0x3000 ? 1 : 257) {
		char text[16] = "a";
		g_autofree char *wire = NULL, *back = NULL;

		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		text[1 + g_unichar_to_utf8(c, text + 1)] = '\0';
		strcat(text, "\xc3\xa4z");
		wire = imap_utf8_to_utf7(text);
		back = imap_utf7_to_utf8((const unsigned char *)wire, strlen(wire));
		g_assert_cmpstr(back, ==, text);
		for (const char *p = wire; *p; p++)
			g_assert_true(*p >= 0x20 && *p <= 0x7e);
	}
}

static void
what_is_not_modified_utf7_is_refused(void)
{
	static const char *const wires[] = {
	        "&",               /* not closed */
	        "a&AOQ",           /* not closed */
	        "&AO-",            /* half a unit */
	        "&A-",             /* less than an octet */
	        "&AOQA-",          /* half a unit behind a whole one */
	        "&AOR-",           /* bits left over */
	        "&AOQAA-",         /* six bits too many */
	        "&AO/-",           /* base64 has "," here */
	        "&AOQ=-",          /* and no padding */
	        "& -",             /* no base64 */
	        "&2D0-",           /* the first half of a pair alone */
	        "&2D0AYQ-",        /* followed by something else */
	        "&3gA-",           /* the second half alone */
	        "&AGE-",           /* "a" has to be written "a" */
	        "&ACY-",           /* "&" has to be written "&-" */
	        "&AOQ-&APY-",      /* has to be one run */
	        "&AAA-",           /* NUL */
	        "Entw\xc3\xbcrfe", /* UTF-8 */
	        "a\tb",            /* a control */
	        "a\x7f",
	};

	for (guint i = 0; i < G_N_ELEMENTS(wires); i++) {
		g_test_message("%s", wires[i]);
		g_assert_null(imap_utf7_to_utf8((const unsigned char *)wires[i], strlen(wires[i])));
	}
	g_assert_null(imap_utf7_to_utf8((const unsigned char *)"a\0b", 3));
	g_assert_null(imap_utf8_to_utf7("a\xff"));
}

static void
only_len_octets_are_read(void)
{
	g_autofree char *text = imap_utf7_to_utf8((const unsigned char *)"ab&AOQ-", 2);

	g_assert_cmpstr(text, ==, "ab");
	g_assert_null(imap_utf7_to_utf8((const unsigned char *)"ab&AOQ-", 6));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/imap/utf7/both-ways", names_go_both_ways);
	g_test_add_func("/imap/utf7/every-character", every_character_goes_both_ways);
	g_test_add_func("/imap/utf7/invalid", what_is_not_modified_utf7_is_refused);
	g_test_add_func("/imap/utf7/length", only_len_octets_are_read);
	return g_test_run();
}
