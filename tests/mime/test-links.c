#include "mime/links.h"
#include "mime/punycode.h"

#include <string.h>

static void
urls_are_found_without_the_sentence_around(void)
{
	static const struct {
		const char *text, *url;
	} cases[] = {
	        {"see http://a.example/x.", "http://a.example/x"},
	        {"(see https://a.example/x)", "https://a.example/x"},
	        {"https://a.example/wiki/C_(language), yes", "https://a.example/wiki/C_(language)"},
	        {"<https://a.example/?q=1&r=2>", "https://a.example/?q=1&r=2"},
	        {"write to mailto:ann@a.example!", "mailto:ann@a.example"},
	        {"FTP://a.example/f", "FTP://a.example/f"},
	        {"请看http://a.example/路径。谢谢", "http://a.example/路径"},
	        {"[1]: http://a.example/b]", "http://a.example/b"},
	        {"\"http://a.example\"", "http://a.example"},
	        {"nothing here: x", NULL},
	        {"javascript:alert(1)", NULL},
	        {"xhttp://a.example", NULL},
	        {"http:// a.example", NULL},
	        {"mailto:nobody", NULL},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		gsize start, end;
		gboolean found = link_find(cases[i].text, strlen(cases[i].text), 0, &start, &end);
		g_autofree char *url = found ? g_strndup(cases[i].text + start, end - start) : NULL;

		g_assert_cmpstr(url, ==, cases[i].url);
	}
}

static void
the_true_host_is_read_as_browsers_do(void)
{
	static const struct {
		const char *url, *clean, *host;
	} cases[] = {
	        {"http://A.Example/x", "http://a.example/x", "a.example"},
	        {" https://a.example ", "https://a.example", "a.example"},
	        {"https://good.example@evil.example/", "https://good.example@evil.example/", "evil.example"},
	        {"https:\\\\evil.example\\@good.example", "https://evil.example/@good.example",
	         "evil.example"},
	        {"https:evil.example", "https://evil.example", "evil.example"},
	        {"https:////evil.example/x", "https://evil.example/x", "evil.example"},
	        {"//evil.example/x", "https://evil.example/x", "evil.example"},
	        {"http://%65vil.example/", "http://evil.example/", "evil.example"},
	        {"ht\ntp://evil.example", "http://evil.example", "evil.example"},
	        {"http://ｅｖｉｌ。example/", "http://evil.example/", "evil.example"},
	        {"http://a.example:8080/x", "http://a.example:8080/x", "a.example"},
	        {"http://[::1]:80/", "http://[::1]:80/", "[::1]"},
	        {"http://bücher.example/", "http://xn--bcher-kva.example/", "xn--bcher-kva.example"},
	        {"http://a.example/ \"<'x", "http://a.example/%20%22%3C%27x", "a.example"},
	        {"http://a.example/\342\200\256x", "http://a.example/x", "a.example"},
	        {"mailto:ann@a.example?subject=x y", "mailto:ann@a.example?subject=x%20y", ""},
	};
	static const char *const none[] = {
	        "",
	        "#top",
	        "page.html",
	        "/x",
	        "javascript:alert(1)",
	        "data:text/html,x",
	        "file:///etc/passwd",
	        "http://",
	        "http://a b.example/",
	        "cid:1",
	        "http://a%00.example/",
	        "http://a<b.example",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct render_link *link = link_new(cases[i].url, strlen(cases[i].url));

		g_assert_nonnull(link);
		g_assert_cmpstr(link->url, ==, cases[i].clean);
		g_assert_cmpstr(link->host, ==, cases[i].host);
		link_free(link);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(none); i++)
		g_assert_null(link_new(none[i], strlen(none[i])));
}

static void
endless_urls_are_no_links(void)
{
	g_autofree char *path = g_strnfill(10000, 'x'), *url = g_strconcat("http://a.example/", path, NULL);
	g_autofree char *label = g_strnfill(2000, 'x'),
	                *host = g_strconcat("http://", label, ".example", NULL);

	g_assert_null(link_new(url, strlen(url)));
	g_assert_null(link_new(host, strlen(host)));
}

static void
a_text_that_names_another_host_is_told(void)
{
	static const struct {
		const char *url, *text, *told;
	} cases[] = {
	        {"http://evil.example/", "www.good.example", "evil.example"},
	        {"http://evil.example/", "http://good.example/login", "evil.example"},
	        {"http://evil.example/", "go to Good.example, please", "evil.example"},
	        {"http://evil.example/", "ann@good.example", "evil.example"},
	        {"http://evil.example/", "ｇｏｏｄ．example", "evil.example"},
	        {"http://good.example.evil.example/", "good.example", "good.example.evil.example"},
	        {"https://good.example@evil.example/", "click", "evil.example"},
	        {"http://gооd.example/", "good.example", "xn--gd-fmca.example"}, /* two Cyrillic o */
	        {"mailto:eve@evil.example", "ann@good.example", "eve@evil.example"},
	        {"http://1.2.3.4/", "http://5.6.7.8/", "1.2.3.4"},
	        {"http://good.example/x", "good.example", NULL},
	        {"http://good.example/x", "www.good.example/x", NULL},
	        {"http://www.good.example/x", "https://good.example", NULL},
	        {"http://good.example/x", "click here. Now", NULL},
	        {"http://good.example/x", "version 1.2.3", NULL},
	        {"mailto:ann@good.example", "Ann@good.example", NULL},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct render_link *link = link_new(cases[i].url, strlen(cases[i].url));
		g_autofree char *told = link_disguised(link, cases[i].text, strlen(cases[i].text));

		g_assert_cmpstr(told, ==, cases[i].told);
		link_free(link);
	}
}

/* Samples of RFC 3492 §7.1 and of names in use. */
static void
hosts_become_punycode(void)
{
	static const struct {
		const char *host, *ascii;
	} cases[] = {
	        {"example.org", "example.org"},
	        {"EXAMPLE.org.", "example.org."},
	        {"münchen.example", "xn--mnchen-3ya.example"},
	        {"他们为什么不说中文", "xn--ihqwcrb4cv8a8dqg056pqjye"},
	        {"ليهمابتكلموشعربي؟", "xn--egbpdaj6bu4bxfgehfvwxn"},
	        {"3年b組金八先生", "xn--3b-ww4c5e180e575a65lsy2b"},
	        {"faß.example", "xn--fa-hia.example"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *ascii = host_to_ascii(cases[i].host, strlen(cases[i].host));

		g_assert_cmpstr(ascii, ==, cases[i].ascii);
	}
	g_assert_null(host_to_ascii("", 0));
	g_assert_null(host_to_ascii("a b", 3));
	g_assert_null(host_to_ascii("\377", 1));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/links/urls-are-found-without-the-sentence-around",
	                urls_are_found_without_the_sentence_around);
	g_test_add_func("/links/the-true-host-is-read-as-browsers-do", the_true_host_is_read_as_browsers_do);
	g_test_add_func("/links/endless-urls-are-no-links", endless_urls_are_no_links);
	g_test_add_func("/links/a-text-that-names-another-host-is-told",
	                a_text_that_names_another_host_is_told);
	g_test_add_func("/links/hosts-become-punycode", hosts_become_punycode);
	return g_test_run();
}
