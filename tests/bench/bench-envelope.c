/* How long one message's header fields take: prints µs per set for a few kinds. usage: bench-envelope
 * [ROUNDS] */
#include "mime/envelope.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct {
	const char *what, *headers;
} sets[] = {
        {"plain, one of a thread",
         "From: Alice Example <alice@example.org>\r\n"
         "To: \"Bob B. Sample\" <bob.sample@mail.example.com>, fulmar-users@lists.example.net\r\n"
         "Subject: Re: [fulmar] The list scrolls back after a resync of a big folder\r\n"
         "Date: Tue, 17 Mar 2026 09:41:23 +0100\r\n"
         "Message-ID: <20260317084123.GA2214@mail.example.org>\r\n"
         "In-Reply-To: <CAF9x=Yh3k2b0@mail.example.com>\r\n"
         "References: <87ilx3mz5v.fsf@example.net>\r\n"
         " <CAF9x=Yh3k2b0@mail.example.com>\r\n"
         "Content-Type: text/plain; charset=utf-8\r\n"
         "\r\n"},
        {"encoded words in UTF-8",
         "From: =?UTF-8?Q?J=C3=BCrgen_M=C3=BCller?= <juergen@example.de>\r\n"
         "To: =?UTF-8?B?5bGx55Sw5aSq6YOO?= <taro@example.jp>\r\n"
         "Subject: =?UTF-8?Q?R=C3=BCckfrage_zu_Ihrer_Bestellung_vom_M=C3=A4rz=2C_die_noch?=\r\n"
         " =?UTF-8?Q?_nicht_angekommen_ist?=\r\n"
         "Date: Tue, 17 Mar 2026 09:41:23 +0100\r\n"
         "Message-ID: <20260317084123.GA2214@mail.example.org>\r\n"
         "Content-Type: multipart/alternative; boundary=\"=_abc\"\r\n"
         "\r\n"},
        {"encoded words in KOI8-R and ISO-2022-JP",
         "From: =?koi8-r?B?88XSx8XK?= <sergey@example.ru>\r\n"
         "To: =?ISO-2022-JP?B?GyRCOzNFREJATzobKEI=?= <taro@example.jp>\r\n"
         "Subject: =?koi8-r?B?79TXxdQ6INPQydPPyyDQydPFzQ==?=\r\n"
         "Date: Tue, 17 Mar 2026 09:41:23 +0100\r\n"
         "Message-ID: <20260317084123.GA2214@mail.example.org>\r\n"
         "\r\n"},
};

static double
cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* The best of ten rounds: the others were disturbed. */
static double
time_set(const char *headers, int rounds)
{
	gsize len = strlen(headers);
	double best = 1e9;

	for (int i = 0; i < 10; i++) {
		double begin = cpu_seconds();

		for (int k = 0; k < rounds; k++) {
			struct envelope env;

			envelope_from_headers(&env, headers, len);
			envelope_clear(&env);
		}
		best = MIN(best, (cpu_seconds() - begin) / rounds);
	}
	return best;
}

int
main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 10000;

	for (gsize i = 0; i < G_N_ELEMENTS(sets); i++)
		g_print("%-40s %4zu octets  %6.2f us\n", sets[i].what, strlen(sets[i].headers),
		        time_set(sets[i].headers, rounds) * 1e6);
	return 0;
}
