#include "rendered-check.h"

/* --- goldens: render/NAME.KIND is the input, render/NAME.KIND.WIDTH what it must look like --- */

static void
put_styled(GString *out, const char *text, const struct render_span *span)
{
	static const struct {
		guint bit;
		char letter;
	} letters[] = {
	        {STYLE_BOLD, 'b'},    {STYLE_ITALIC, 'i'}, {STYLE_UNDERLINE, 'u'}, {STYLE_LINK, 'l'},
	        {STYLE_HEADING, 'h'}, {STYLE_CODE, 'c'},   {STYLE_DIM, 'd'},
	};

	g_string_append_c(out, '{');
	for (gsize i = 0; i < G_N_ELEMENTS(letters); i++)
		if (span->style & letters[i].bit)
			g_string_append_c(out, letters[i].letter);
	if (span->link)
		g_string_append_printf(out, "%u", span->link);
	g_string_append_printf(out, "|%.*s}", (int)span->len, text + span->start);
}

/* "1s+|text": quote depth, below the signature mark, goes on from above; then the text with its styles in
 * braces. */
static void
put_line(GString *out, const struct render_line *line)
{
	guint at = 0;

	g_string_append_printf(out, "%u%c%c|", line->quote, line->signature ? 's' : ' ',
	                       line->wrapped ? '+' : ' ');
	for (guint i = 0; line->spans && i < line->spans->len; i++) {
		const struct render_span *span = &g_array_index(line->spans, struct render_span, i);

		g_string_append_len(out, line->text + at, span->start - at);
		put_styled(out, line->text, span);
		at = span->start + span->len;
	}
	g_string_append(out, line->text + at);
	g_string_append_c(out, '\n');
}

static char *
describe(const struct rendered *rendered)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < rendered->lines->len; i++)
		put_line(out, g_ptr_array_index(rendered->lines, i));
	for (guint i = 0; i < rendered->links->len; i++) {
		const struct render_link *link = g_ptr_array_index(rendered->links, i);

		g_string_append_printf(out, "[%u] %s (%s)\n", i + 1, link->url, link->host);
	}
	return g_string_free(out, FALSE);
}

static struct rendered *
render(const char *kind, const char *text, gsize len, int width)
{
	struct rendered *rendered = rendered_new();

	if (!strcmp(kind, "html"))
		render_html(rendered, text, len, width);
	else
		render_plain(rendered, text, len, width, !strcmp(kind, "flowed") || !strcmp(kind, "delsp"),
		             !strcmp(kind, "delsp"));
	check_rendered(rendered, width);
	return rendered;
}

static void
looks_as_expected(gconstpointer data)
{
	const char *expected_path = data, *width = strrchr(expected_path, '.') + 1;
	g_autofree char *path = g_strndup(expected_path, width - expected_path - 1);
	g_autofree char *text = NULL, *expected = NULL, *found = NULL;
	struct rendered *rendered;
	gsize len;

	g_assert_true(g_file_get_contents(path, &text, &len, NULL));
	rendered = render(strrchr(path, '.') + 1, text, len, atoi(width));
	found = describe(rendered);
	rendered_free(rendered);
	/* to accept what is found: FULMAR_GOLDENS=write, then read the difference */
	if (!g_strcmp0(g_getenv("FULMAR_GOLDENS"), "write"))
		g_assert_true(g_file_set_contents(expected_path, found, -1, NULL));
	g_assert_true(g_file_get_contents(expected_path, &expected, NULL, NULL));
	g_assert_cmpstr(found, ==, expected);
}

static void
add_goldens(void)
{
	g_autofree char *folder = g_build_filename(g_getenv("top_srcdir"), "tests", "mime", "render", NULL);
	GDir *dir = g_dir_open(folder, 0, NULL);
	const char *name;
	guint added = 0;

	g_assert_nonnull(dir);
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *test = g_strdup_printf("/render/looks-as-expected/%s", name);

		if (!g_ascii_isdigit(strrchr(name, '.')[1]))
			continue;
		g_test_add_data_func_full(test, g_build_filename(folder, name, NULL), looks_as_expected,
		                          g_free);
		added++;
	}
	g_dir_close(dir);
	g_assert_cmpuint(added, >, 0);
}

/* --- what holds for any input --- */

static char *
text_of(const char *kind, const char *text, int width)
{
	struct rendered *rendered = render(kind, text, strlen(text), width);
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < rendered->lines->len; i++) {
		const struct render_line *line = g_ptr_array_index(rendered->lines, i);

		g_string_append_printf(out, "%s%s", i ? "\n" : "", line->text);
	}
	rendered_free(rendered);
	return g_string_free(out, FALSE);
}

static void
every_width_holds(void)
{
	static const char *const htmls[] = {
	        "<blockquote><ul><li>漢字漢字 and <a "
	        "href='http://evil.example/'>www.good.example</a></ul></blockquote>",
	        "<table><tr><th>Item<th>Count<th>Price<tr><td>apples and pears<td>3<td>漢字漢字漢字</table>",
	        "<pre>a very long line of code that goes on and on\n\tand a tab</pre><hr><h1>Title</h1>",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(htmls); i++)
		for (int width = -1; width < 90; width++)
			rendered_free(render("html", htmls[i], strlen(htmls[i]), width));
	for (int width = -1; width < 90; width++) {
		g_autofree char *text =
		        text_of("txt", ">>> quoted 漢字漢字漢字 text\n-- \nx http://a.example/y\n", width);
	}
}

static void
entities_reach_the_sanitiser(void)
{
	g_autofree char *text =
	        text_of("html",
	                "&#27;]0;x&#7;&#x9b;2J&#155; a&#x202e;b&#x200b;c&#0;d&#xD800;e&#x110000;f&lt;b&gt; "
	                "&copy &amp;amp;",
	                80);

	g_assert_cmpstr(text, ==, "]0;x ›2J› abc�d�e�f<b> © &amp;");
}

static void
raw_controls_reach_nobody(void)
{
	g_autofree char *html = text_of(
	        "html", "<p title='\033]0;t\007'>\033[31m\302\2332J</p><a href='http://\033[1m.x/'>y</a>",
	        80);
	g_autofree char *plain = text_of("txt", "\033[31mred\302\2332J\342\200\256\n", 80);

	g_assert_cmpstr(html, ==, "[31m 2J\n\ny");
	g_assert_cmpstr(plain, ==, " [31mred 2J");
}

static void
nothing_hidden_is_shown(void)
{
	static const char *const hidden[] = {
	        "<div style='display:none'>x</div>",
	        "<div style='DISPLAY : None !important'>x</div>",
	        "<span style=\"visibility:hidden\">x</span>",
	        "<p hidden>x</p>",
	        "<span style='font-size:0'>x</span>",
	        "<span style='font-size:0px;color:red'>x<b>x</b></span>",
	        "<div style='max-height:0;overflow:hidden'>x</div>",
	        "<script>x</script>",
	        "<style>x</style>",
	        "<head><title>x</title>x</head>",
	        "<template><p>x</p></template>",
	        "<!-- x -->",
	        "<!--[if mso]>x<![endif]-->",
	        "<svg><text>x</text></svg>",
	        "<select><option>x</select>",
	        "<textarea>x</textarea>",
	        "<iframe>x</iframe>",
	        "<img src='http://t.example/' alt=x width=1 height=1>",
	        "<img src='http://t.example/'>",
	        "<object data=y></object>",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(hidden); i++) {
		g_autofree char *html = g_strdup_printf("<div>a%sb</div>", hidden[i]),
		                *text = text_of("html", html, 80);

		g_assert_null(strchr(text, 'x'));
		g_assert_nonnull(strchr(text, 'a'));
		g_assert_nonnull(strchr(text, 'b'));
	}
}

static void
what_is_shown_again_is_shown(void)
{
	static const char *const shown[] = {
	        "<td style='font-size:0'><span style='font-size:12px'>x</span></td>",
	        "<div style='visibility:hidden'><p style='visibility:visible'>x</p></div>",
	        "<![if !mso]>x<![endif]>",
	        "<head><p>x",
	        "<noscript>x</noscript>",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(shown); i++) {
		g_autofree char *text = text_of("html", shown[i], 80);

		g_assert_cmpstr(text, ==, "x");
	}
}

static char *
repeat(const char *text, gsize times)
{
	GString *out = g_string_sized_new(strlen(text) * times);

	for (gsize i = 0; i < times; i++)
		g_string_append(out, text);
	return g_string_free(out, FALSE);
}

/* Anything not linear takes minutes for these. */
static void
large_input_takes_no_longer_than_it_must(void)
{
	static const struct {
		const char *kind, *head, *unit;
		gsize times;
	} cases[] = {
	        {"html", "<p>", "<b>", 300000},
	        {"html", "<b><table><td>", "<span></b></i>", 100000},
	        {"html", "<p ", "a=1 ab ", 200000},
	        {"html", "<table><tr>", "<td>x", 100000},
	        {"html", "", "<table><tr><td>", 100000},
	        {"html", "", "<blockquote>x", 100000},
	        {"html", "", "<!--", 300000},
	        {"html", "", "<a b=\"", 200000},
	        {"html", "<script>", "</", 500000},
	        {"html", "", "&", 1000000},
	        {"html", "", "<a href='http://a.example/'>www.b.example ", 50000},
	        {"html", "<pre>", "\t", 1000000},
	        {"txt", "", ">", 1000000},
	        {"txt", "http://x/", "((", 500000},
	        {"txt", "", "http:", 200000},
	        {"flowed", "", "x \n", 300000},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *body = repeat(cases[i].unit, cases[i].times);
		g_autofree char *text = g_strconcat(cases[i].head, body, NULL);
		gint64 start = g_get_monotonic_time();

		rendered_free(render(cases[i].kind, text, strlen(text), 76));
		g_test_message("%s%s…: %.3f s", cases[i].head, cases[i].unit,
		               (g_get_monotonic_time() - start) / 1e6);
	}
}

static void
too_much_is_cut_and_said(void)
{
	g_autofree char *lines = repeat("x\n", 250000), *octets = repeat("word word word word ", 1024 * 1024);
	struct rendered *many = render("txt", lines, strlen(lines), 80);
	struct rendered *large = render("html", octets, strlen(octets), 80);
	const struct render_line *last;

	g_assert_true(many->truncated);
	g_assert_cmpuint(many->lines->len, ==, 200001);
	last = g_ptr_array_index(many->lines, 200000);
	g_assert_nonnull(strstr(last->text, "left out"));
	g_assert_true(large->truncated);
	last = g_ptr_array_index(large->lines, large->lines->len - 1);
	g_assert_nonnull(strstr(last->text, "left out"));
	rendered_free(many);
	rendered_free(large);
}

static void
links_count_on_from_part_to_part(void)
{
	struct rendered *rendered = rendered_new();
	const struct render_link *link;

	render_plain(rendered, "http://a.example/\n", 18, 80, FALSE, FALSE);
	render_html(rendered, "<a href='http://b.example/'>b</a>", 33, 80);
	check_rendered(rendered, 80);
	g_assert_cmpuint(rendered->links->len, ==, 2);
	link = g_ptr_array_index(rendered->links, 1);
	g_assert_cmpstr(link->host, ==, "b.example");
	g_assert_cmpstr(((struct render_line *)g_ptr_array_index(rendered->lines, 1))->text, ==, "b [2]");
	rendered_free(rendered);
}

static void
charset_is_read_from_meta(void)
{
	static const struct {
		const char *html, *charset;
	} cases[] = {
	        {"<meta charset=UTF-8>", "utf-8"},
	        {"<META http-equiv=Content-Type content='text/html; charset=ISO-8859-2'>", "iso-8859-2"},
	        {"<meta content=\"text/html;charset = 'koi8-r'\">", "koi8-r"},
	        {"<!-- <meta charset=x> --><script><meta charset=y></script><meta charset=z>", "z"},
	        {"<meta charset=utf-16le>", "utf-8"},
	        {"\357\273\277<meta charset=latin1>", "utf-8"},
	        {"<meta name=viewport content=width>", NULL},
	        {"no tags", NULL},
	        {"", NULL},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *charset = render_html_charset(cases[i].html, strlen(cases[i].html));

		g_assert_cmpstr(charset, ==, cases[i].charset);
	}
}

static void
a_preview_is_the_first_words(void)
{
	static const struct {
		struct render_kind kind;
		const char *text, *preview;
	} cases[] = {
	        {{.charset = "utf-8"},
	         "  Dear\tall,\r\n\r\nsee\001you  there\r\n",
	         "Dear all, see you there"},
	        {{.charset = "utf-8"},
	         "> what was said\r\n>> and before\r\nYes.\r\n> more\r\nNo.\r\n-- \r\nAnn\r\n",
	         "Yes. No."},
	        {{.charset = "iso-8859-1", .encoding = ENCODING_QP},
	         "Gr=FC=DFe=\r\n an alle",
	         "Gr\303\274\303\237e an alle"},
	        {{.html = TRUE, .charset = "utf-8"},
	         "<style>p { color: red }</style><p>Dear <b>all</b>,<blockquote>old</blockquote><p>yes",
	         "Dear all, yes"},
	        {{.charset = "utf-8"}, "> quoted\r\n", ""},
	        {{.charset = "utf-8"}, "", ""},
	};
	struct render_kind kind = {.charset = "utf-8"};
	GString *text = g_string_new(NULL);
	g_autoptr(GBytes) much = NULL;
	g_autofree char *preview = NULL;

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GBytes) bytes = g_bytes_new_static(cases[i].text, strlen(cases[i].text));
		g_autofree char *have = mime_preview(&cases[i].kind, bytes);

		g_assert_cmpstr(have, ==, cases[i].preview);
	}
	for (guint i = 0; i < 100000; i++)
		g_string_append(text, "\303\244");
	much = g_bytes_new_take(text->str, text->len);
	g_string_free(text, FALSE);
	preview = mime_preview(&kind, much);
	g_assert_true(g_utf8_validate(preview, -1, NULL));
	g_assert_cmpint(g_utf8_strlen(preview, -1), ==, 200);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add_goldens();
	g_test_add_func("/render/every-width-holds", every_width_holds);
	g_test_add_func("/render/entities-reach-the-sanitiser", entities_reach_the_sanitiser);
	g_test_add_func("/render/raw-controls-reach-nobody", raw_controls_reach_nobody);
	g_test_add_func("/render/nothing-hidden-is-shown", nothing_hidden_is_shown);
	g_test_add_func("/render/what-is-shown-again-is-shown", what_is_shown_again_is_shown);
	g_test_add_func("/render/large-input-takes-no-longer-than-it-must",
	                large_input_takes_no_longer_than_it_must);
	g_test_add_func("/render/too-much-is-cut-and-said", too_much_is_cut_and_said);
	g_test_add_func("/render/links-count-on-from-part-to-part", links_count_on_from_part_to_part);
	g_test_add_func("/render/charset-is-read-from-meta", charset_is_read_from_meta);
	g_test_add_func("/render/a-preview-is-the-first-words", a_preview_is_the_first_words);
	return g_test_run();
}
