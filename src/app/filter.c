#include "app/filter.h"

#include <string.h>

#include "base/error.h"
#include "base/i18n.h"
#include "base/text.h"

struct leaf {
	gboolean (*match)(const struct leaf *leaf, const struct store_row *row);
	gboolean negated;
	char *text; /* casefolded, or as written for keyword: and id: */
	gint64 n;
};

struct filter {
	GArray *leaves; /* struct leaf */
	gboolean words;
};

static gboolean
contains(const char *text, const char *folded)
{
	g_autofree char *left = g_utf8_casefold(text, -1);

	return strstr(left, folded) != NULL;
}

static gboolean
addresses_contain(const GPtrArray *addresses, const char *folded)
{
	for (guint i = 0; i < addresses->len; i++) {
		const struct mime_address *address = g_ptr_array_index(addresses, i);

		if (contains(address->name, folded) || contains(address->email, folded))
			return TRUE;
	}
	return FALSE;
}

static gboolean
match_from(const struct leaf *leaf, const struct store_row *row)
{
	return addresses_contain(row->from, leaf->text);
}

static gboolean
match_to(const struct leaf *leaf, const struct store_row *row)
{
	return addresses_contain(row->to, leaf->text);
}

static gboolean
match_cc(const struct leaf *leaf, const struct store_row *row)
{
	return addresses_contain(row->cc, leaf->text);
}

static gboolean
match_subject(const struct leaf *leaf, const struct store_row *row)
{
	return contains(row->subject, leaf->text);
}

static gboolean
match_word(const struct leaf *leaf, const struct store_row *row)
{
	return match_subject(leaf, row) || match_from(leaf, row) || match_to(leaf, row) ||
	       match_cc(leaf, row);
}

static gboolean
match_unset(const struct leaf *leaf, const struct store_row *row)
{
	return !(row->flags & (guint)leaf->n);
}

static gboolean
match_set(const struct leaf *leaf, const struct store_row *row)
{
	return (row->flags & (guint)leaf->n) != 0;
}

static gboolean
match_attachment(const struct leaf *leaf, const struct store_row *row)
{
	return row->attachments > 0 || row->attachments == -2;
}

static gboolean
match_larger(const struct leaf *leaf, const struct store_row *row)
{
	return row->size > (guint64)leaf->n;
}

static gboolean
match_smaller(const struct leaf *leaf, const struct store_row *row)
{
	return row->size < (guint64)leaf->n;
}

static gint64
row_time(const struct store_row *row)
{
	return row->has_date ? row->date : row->received;
}

static gboolean
match_before(const struct leaf *leaf, const struct store_row *row)
{
	return row_time(row) < leaf->n;
}

static gboolean
match_after(const struct leaf *leaf, const struct store_row *row)
{
	return row_time(row) >= leaf->n;
}

static gboolean
match_id(const struct leaf *leaf, const struct store_row *row)
{
	gsize len = strlen(row->message_id);

	if (strcmp(row->message_id, leaf->text) == 0)
		return TRUE;
	return len > 2 && strlen(leaf->text) == len - 2 &&
	       memcmp(row->message_id + 1, leaf->text, len - 2) == 0;
}

static gboolean
match_keyword(const struct leaf *leaf, const struct store_row *row)
{
	g_auto(GStrv) words = g_strsplit(row->keywords, " ", -1);

	for (char **word = words; *word; word++)
		if (g_ascii_strcasecmp(*word, leaf->text) == 0)
			return TRUE;
	return FALSE;
}

static gboolean
parse_text(struct leaf *leaf, const char *value)
{
	leaf->text = g_utf8_casefold(value, -1);
	return TRUE;
}

static gboolean
parse_exact(struct leaf *leaf, const char *value)
{
	leaf->text = g_strdup(value);
	return TRUE;
}

static gboolean
parse_is(struct leaf *leaf, const char *value)
{
	static const struct {
		const char *name;
		guint flag;
		gboolean unset;
	} states[] = {{"unread", FLAG_SEEN, TRUE},         {"new", FLAG_SEEN, TRUE},
	              {"read", FLAG_SEEN, FALSE},          {"seen", FLAG_SEEN, FALSE},
	              {"flagged", FLAG_FLAGGED, FALSE},    {"answered", FLAG_ANSWERED, FALSE},
	              {"deleted", FLAG_DELETED, FALSE},    {"draft", FLAG_DRAFT, FALSE},
	              {"forwarded", FLAG_FORWARDED, FALSE}};

	for (guint i = 0; i < G_N_ELEMENTS(states); i++) {
		if (strcmp(states[i].name, value) != 0)
			continue;
		leaf->n = states[i].flag;
		leaf->match = states[i].unset ? match_unset : match_set;
		return TRUE;
	}
	return FALSE;
}

static gboolean
parse_has(struct leaf *leaf, const char *value)
{
	return strcmp(value, "attachment") == 0 || strcmp(value, "attachments") == 0;
}

static gboolean
parse_size(struct leaf *leaf, const char *value)
{
	static const struct {
		char unit;
		gint64 octets;
	} units[] = {{'k', 1000}, {'m', 1000000}, {'g', 1000000000}};
	char *end;

	leaf->n = g_ascii_strtoll(value, &end, 10);
	if (end == value || leaf->n < 0 || leaf->n > 1000000000)
		return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(units); i++) {
		if (g_ascii_tolower(*end) == units[i].unit && !end[1]) {
			leaf->n *= units[i].octets;
			return TRUE;
		}
	}
	return *end == '\0';
}

/* "2026", "2026-03" or "2026-03-14": its first instant, local time. */
static gboolean
parse_day(struct leaf *leaf, const char *value)
{
	int field[3] = {0, 1, 1};
	g_auto(GStrv) parts = g_strsplit(value, "-", 4);
	g_autoptr(GDateTime) when = NULL;

	if (g_strv_length(parts) > 3)
		return FALSE;
	for (int i = 0; parts[i]; i++) {
		guint64 n;

		if (!g_ascii_string_to_unsigned(parts[i], 10, 1, 9999, &n, NULL))
			return FALSE;
		field[i] = (int)n;
	}
	when = g_date_time_new_local(field[0], field[1], field[2], 0, 0, 0);
	if (when)
		leaf->n = g_date_time_to_unix(when);
	return when != NULL;
}

static const struct leaf_kind {
	const char *prefix;
	gboolean (*parse)(struct leaf *leaf, const char *value);
	gboolean (*match)(const struct leaf *leaf, const struct store_row *row);
} kinds[] = {
        {"from", parse_text, match_from},
        {"to", parse_text, match_to},
        {"cc", parse_text, match_cc},
        {"subject", parse_text, match_subject},
        {"is", parse_is, NULL},
        {"has", parse_has, match_attachment},
        {"larger", parse_size, match_larger},
        {"smaller", parse_size, match_smaller},
        {"before", parse_day, match_before},
        {"after", parse_day, match_after},
        {"id", parse_exact, match_id},
        {"keyword", parse_exact, match_keyword},
};

static const struct leaf_kind *
find_kind(const char *word, gsize len)
{
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (strlen(kinds[i].prefix) == len && memcmp(kinds[i].prefix, word, len) == 0)
			return &kinds[i];
	return NULL;
}

/* The words of the language that need the search of a later version. */
static gboolean
is_later(const char *word, gsize len)
{
	static const char *const prefixes[] = {"body", "list", "header",  "filename", "date",
	                                       "age",  "in",   "account", "thread"};
	static const char *const words[] = {"or", "(", ")"};

	for (guint i = 0; len && i < G_N_ELEMENTS(prefixes); i++)
		if (strlen(prefixes[i]) == len && memcmp(prefixes[i], word, len) == 0)
			return TRUE;
	for (guint i = 0; !len && i < G_N_ELEMENTS(words); i++)
		if (strcmp(words[i], word) == 0)
			return TRUE;
	return !len && (*word == '~' || *word == '(');
}

static gboolean
add_leaf(struct filter *filter, const char *word, gboolean negated, GError **error)
{
	const char *colon = strchr(word, ':');
	gsize len = colon ? (gsize)(colon - word) : 0;
	const struct leaf_kind *kind = colon ? find_kind(word, len) : NULL;
	struct leaf leaf = {kind ? kind->match : match_word, negated, NULL, 0};

	if (!kind && is_later(word, len)) {
		fulmar_fail(error, FULMAR_USAGE,
		            _("search is not available yet: “%s” cannot be answered; from:, to:, cc:, "
		              "subject:, is:, has:, larger:, smaller:, before:, after:, id:, keyword: can"),
		            word);
		return FALSE;
	}
	if (kind && !kind->parse(&leaf, colon + 1)) {
		fulmar_fail(error, FULMAR_USAGE,
		            _("“%s” cannot be understood; see “Query language” in fulmar(1)"), word);
		return FALSE;
	}
	if (!kind) {
		parse_text(&leaf, word);
		filter->words = TRUE;
	}
	g_array_append_val(filter->leaves, leaf);
	return TRUE;
}

/* One word of the text, quotes taken off; FALSE at the end. */
static gboolean
next_word(const char **at, GString *word)
{
	gboolean quoted = FALSE;

	g_string_truncate(word, 0);
	while (**at == ' ' || **at == '\t' || **at == '\n')
		++*at;
	if (!**at)
		return FALSE;
	for (; **at && (quoted || !strchr(" \t\n", **at)); ++*at) {
		if (**at == '"')
			quoted = !quoted;
		else
			g_string_append_c(word, **at);
	}
	return TRUE;
}

static gboolean
add_text(struct filter *filter, const char *text, gboolean *negate, GError **error)
{
	g_autoptr(GString) word = g_string_new(NULL);

	while (next_word(&text, word)) {
		gboolean minus = word->str[0] == '-' && word->str[1];

		if (strcmp(word->str, "and") == 0 || !word->len)
			continue;
		if (strcmp(word->str, "not") == 0) {
			*negate = !*negate;
			continue;
		}
		if (!add_leaf(filter, word->str + minus, *negate != minus, error))
			return FALSE;
		*negate = FALSE;
	}
	return TRUE;
}

static void
leaf_clear(gpointer leaf)
{
	g_free(((struct leaf *)leaf)->text);
}

struct filter *
filter_new(const GPtrArray *words, guint first, GError **error)
{
	struct filter *filter = g_new0(struct filter, 1);
	gboolean negate = FALSE;

	filter->leaves = g_array_new(FALSE, FALSE, sizeof(struct leaf));
	g_array_set_clear_func(filter->leaves, leaf_clear);
	for (guint i = first; i < words->len; i++) {
		g_autofree char *text = g_utf8_make_valid(g_ptr_array_index(words, i), -1);

		if (!add_text(filter, text, &negate, error)) {
			filter_free(filter);
			return NULL;
		}
	}
	return filter;
}

gboolean
filter_match(const struct filter *filter, const struct store_row *row)
{
	for (guint i = 0; i < filter->leaves->len; i++) {
		const struct leaf *leaf = &g_array_index(filter->leaves, struct leaf, i);

		if (leaf->match(leaf, row) == leaf->negated)
			return FALSE;
	}
	return TRUE;
}

gboolean
filter_has_words(const struct filter *filter)
{
	return filter->words;
}

void
filter_free(struct filter *filter)
{
	g_array_unref(filter->leaves);
	g_free(filter);
}
