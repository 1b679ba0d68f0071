#include "query/query-private.h"

#include <string.h>

#include "base/text.h"

/* What terms look like: the prefixes of the language and mutt's letters. */

static gboolean
read_word(struct query_term *term, const char *value)
{
	term->word = g_strdup(value);
	return *value != '\0';
}

/* ---- flags ---- */

static const struct {
	const char *name;
	guint flag;
} flags[] = {
        {"seen", QUERY_SEEN},       {"answered", QUERY_ANSWERED}, {"flagged", QUERY_FLAGGED},
        {"deleted", QUERY_DELETED}, {"draft", QUERY_DRAFT},       {"forwarded", QUERY_FORWARDED},
};

guint
query_flag_bit(const char *name)
{
	if (*name == '\\' || !g_ascii_strcasecmp(name, "$forwarded"))
		name++;
	for (guint i = 0; i < G_N_ELEMENTS(flags); i++)
		if (!g_ascii_strcasecmp(flags[i].name, name))
			return flags[i].flag;
	return 0;
}

static const struct {
	char letter;      /* of mutt's, or 0 */
	const char *name; /* behind "is:", or NULL */
	guint mask, want;
} states[] = {
        {'N', "new", QUERY_SEEN, 0},
        {'U', "unread", QUERY_SEEN, 0},
        {'R', "read", QUERY_SEEN, QUERY_SEEN},
        {0, "seen", QUERY_SEEN, QUERY_SEEN},
        {'F', "flagged", QUERY_FLAGGED, QUERY_FLAGGED},
        {'D', "deleted", QUERY_DELETED, QUERY_DELETED},
        {'Q', "answered", QUERY_ANSWERED, QUERY_ANSWERED},
        {0, "draft", QUERY_DRAFT, QUERY_DRAFT},
        {0, "forwarded", QUERY_FORWARDED, QUERY_FORWARDED},
};

gboolean
form_state(char letter, struct query_term *term)
{
	if (letter == 'A' || letter == 'X') {
		term->what = letter == 'A' ? QUERY_EVERY : QUERY_ATTACHMENT;
		return TRUE;
	}
	for (guint i = 0; i < G_N_ELEMENTS(states); i++)
		if (states[i].letter == letter) {
			term->what = QUERY_STATE;
			term->mask = states[i].mask;
			term->want = states[i].want;
			return TRUE;
		}
	return FALSE;
}

static gboolean
read_state(struct query_term *term, const char *value)
{
	for (guint i = 0; i < G_N_ELEMENTS(states); i++)
		if (!strcmp(states[i].name, value)) {
			term->mask = states[i].mask;
			term->want = states[i].want;
			return TRUE;
		}
	return FALSE;
}

static gboolean
read_has(struct query_term *term, const char *value)
{
	return !strcmp(value, "attachment") || !strcmp(value, "attachments");
}

/* ---- the table ---- */

static const char is_example[] =
        "is:new, is:unread, is:read, is:flagged, is:answered, is:deleted, is:draft, is:forwarded";

static const struct query_form forms[] = {
        {'f', "from", QUERY_TEXT, QUERY_FROM, NULL, NULL},
        {'t', "to", QUERY_TEXT, QUERY_TO, NULL, NULL},
        {'c', "cc", QUERY_TEXT, QUERY_CC, NULL, NULL},
        {'C', NULL, QUERY_TEXT, QUERY_TO | QUERY_CC, NULL, NULL},
        {'L', NULL, QUERY_TEXT, QUERY_FROM | QUERY_TO | QUERY_CC, NULL, NULL},
        {'s', "subject", QUERY_TEXT, QUERY_SUBJECT, NULL, NULL},
        {'b', "body", QUERY_TEXT, QUERY_BODY, NULL, NULL},
        {'B', NULL, QUERY_TEXT, QUERY_HEAD_WORDS | QUERY_BODY, NULL, NULL},
        {0, "list", QUERY_TEXT, QUERY_LIST, NULL, NULL},
        {'h', NULL, QUERY_HEADER, 0, NULL, NULL},
        {0, "filename", QUERY_FILENAME, 0, NULL, NULL},
        {'y', "keyword", QUERY_KEYWORD, 0, read_word, NULL},
        {0, "is", QUERY_STATE, 0, read_state, is_example},
        {0, "has", QUERY_ATTACHMENT, 0, read_has, "has:attachment"},
        {0, "larger", QUERY_SIZE, 0, value_size_above, "larger:1M"},
        {0, "smaller", QUERY_SIZE, 0, value_size_below, "smaller:100k"},
        {'z', NULL, QUERY_SIZE, 0, value_sizes, "~z >1M"},
        {'d', "date", QUERY_DATE, 0, value_dates, "date:2026-01..2026-03"},
        {'r', NULL, QUERY_DATE, 0, value_dates, "~r 2026-01..2026-03"},
        {0, "before", QUERY_DATE, 0, value_before, "before:2026-03-14"},
        {0, "after", QUERY_DATE, 0, value_after, "after:2026-03-14"},
        {0, "age", QUERY_AGE, 0, value_age, "age:<2w"},
        {0, "in", QUERY_FOLDER, 0, read_word, NULL},
        {0, "account", QUERY_ACCOUNT, 0, read_word, NULL},
        {0, "thread", QUERY_THREAD, 0, value_number, "thread:12"},
        {'i', "id", QUERY_ID, 0, read_word, NULL},
};

const struct query_form *
form_of_letter(char letter)
{
	for (guint i = 0; letter && i < G_N_ELEMENTS(forms); i++)
		if (forms[i].letter == letter)
			return &forms[i];
	return NULL;
}

const struct query_form *
form_of_name(const char *name, gsize len)
{
	for (guint i = 0; i < G_N_ELEMENTS(forms); i++)
		if (forms[i].name && strlen(forms[i].name) == len &&
		    !g_ascii_strncasecmp(forms[i].name, name, len))
			return &forms[i];
	return NULL;
}

const char *
form_nearest(const char *name)
{
	const char *names[G_N_ELEMENTS(forms) + 2] = {"header"};
	guint n = 1;

	for (guint i = 0; i < G_N_ELEMENTS(forms); i++)
		if (forms[i].name)
			names[n++] = forms[i].name;
	return text_nearest(name, names);
}

char *
form_letters(void)
{
	GString *all = g_string_new(NULL);

	for (guint i = 0; i < G_N_ELEMENTS(forms); i++)
		if (forms[i].letter)
			g_string_append_printf(all, "~%c ", forms[i].letter);
	for (guint i = 0; i < G_N_ELEMENTS(states); i++)
		if (states[i].letter)
			g_string_append_printf(all, "~%c ", states[i].letter);
	g_string_append(all, "~X ~A");
	return g_string_free(all, FALSE);
}
