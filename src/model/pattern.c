#include "model/pattern.h"

#include <string.h>
#include "base/error.h"
#include "base/i18n.h"

#define TERMS_MAX 100

enum field { FIELD_FROM = 1, FIELD_TO = 2, FIELD_CC = 4, FIELD_SUBJECT = 8, FIELD_KEYWORD = 16 };

/* Forms that take a word. */
static const struct {
	char letter;
	const char *name; /* "from" of "from:WORD", or NULL */
	guint fields;
} words[] = {
        {'f', "from", FIELD_FROM},
        {'t', "to", FIELD_TO},
        {'c', "cc", FIELD_CC},
        {'C', NULL, FIELD_TO | FIELD_CC},
        {'s', "subject", FIELD_SUBJECT},
        {'y', "keyword", FIELD_KEYWORD},
        {'L', NULL, FIELD_FROM | FIELD_TO | FIELD_CC},
};

/* Forms that ask for flags: those of mask must be as in want. */
static const struct {
	char letter;
	const char *name; /* "new" of "is:new", or NULL */
	guint mask, want;
} states[] = {
        {'N', "new", FLAG_SEEN, 0},
        {'U', "unread", FLAG_SEEN, 0},
        {'R', "read", FLAG_SEEN, FLAG_SEEN},
        {'F', "flagged", FLAG_FLAGGED, FLAG_FLAGGED},
        {'D', "deleted", FLAG_DELETED, FLAG_DELETED},
        {'Q', "answered", FLAG_ANSWERED, FLAG_ANSWERED},
        {'A', NULL, 0, 0},
};

struct term {
	gboolean negated;
	guint fields; /* 0: flags are asked for */
	char *word;   /* folded when case does not matter */
	gboolean exact_case;
	guint mask, want;
};

struct pattern {
	GArray *terms; /* struct term */
};

static void
term_clear(gpointer data)
{
	g_free(((struct term *)data)->word);
}

void
pattern_free(struct pattern *pattern)
{
	if (!pattern)
		return;
	g_array_unref(pattern->terms);
	g_free(pattern);
}

/* -- reading -- */

/* The next word behind *at: up to a blank, or in quotes. Gives, or NULL at the end. */
static char *
next_word(const char **at)
{
	const char *start;
	gsize len;

	while (**at == ' ')
		(*at)++;
	if (!**at)
		return NULL;
	if (**at == '"') {
		start = ++*at;
		len = strcspn(start, "\"");
		*at += len + (start[len] == '"');
		return g_strndup(start, len);
	}
	start = *at;
	len = strcspn(start, " ");
	*at += len;
	return g_strndup(start, len);
}

static gboolean
has_capital(const char *word)
{
	for (; *word; word = g_utf8_next_char(word))
		if (g_unichar_isupper(g_utf8_get_char(word)))
			return TRUE;
	return FALSE;
}

static gboolean
set_word(struct term *term, guint fields, const char *word, GError **error)
{
	if (!word || !*word) {
		fulmar_fail(error, FULMAR_USAGE, _("the pattern lacks a word at its end"));
		return FALSE;
	}
	term->fields = fields;
	term->exact_case = has_capital(word);
	term->word = term->exact_case ? g_strdup(word) : g_utf8_casefold(word, -1);
	return TRUE;
}

static gboolean
read_letter(struct term *term, char letter, const char **at, GError **error)
{
	for (guint i = 0; i < G_N_ELEMENTS(states); i++)
		if (states[i].letter == letter) {
			term->mask = states[i].mask;
			term->want = states[i].want;
			return TRUE;
		}
	for (guint i = 0; i < G_N_ELEMENTS(words); i++)
		if (words[i].letter == letter) {
			g_autofree char *word = next_word(at);

			return set_word(term, words[i].fields, word, error);
		}
	fulmar_fail(error, FULMAR_USAGE,
	            _("“~%c” is not known here; there are ~f ~t ~c ~C ~L ~s ~y with a word, and ~N ~R ~F ~D "
	              "~Q ~A"),
	            g_ascii_isprint(letter) ? letter : '?');
	return FALSE;
}

/* "from:WORD" or "is:new". FALSE without error: not of that form. */
static gboolean
read_named(struct term *term, const char *start, const char **at, GError **error)
{
	gsize len = strcspn(start, ": \"");

	if (start[len] != ':')
		return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(words); i++)
		if (words[i].name && strlen(words[i].name) == len && !strncmp(words[i].name, start, len)) {
			g_autofree char *word = NULL;

			*at = start + len + 1;
			word = next_word(at);
			return set_word(term, words[i].fields, word, error);
		}
	if (len != 2 || strncmp(start, "is", 2))
		return FALSE;
	*at = start + 3;
	{
		g_autofree char *name = next_word(at);

		for (guint i = 0; name && i < G_N_ELEMENTS(states); i++)
			if (!g_strcmp0(states[i].name, name)) {
				term->mask = states[i].mask;
				term->want = states[i].want;
				return TRUE;
			}
		fulmar_fail(error, FULMAR_USAGE,
		            _("“is:%s” is not known here; there are new, unread, read, flagged, deleted and "
		              "answered"),
		            name ? name : "");
	}
	return FALSE;
}

static gboolean
read_term(struct term *term, const char **at, GError **error)
{
	g_autofree char *word = NULL;
	g_autoptr(GError) local = NULL;

	while (**at == '!' || **at == ' ') {
		term->negated ^= **at == '!';
		(*at)++;
	}
	if (**at == '~' && (*at)[1]) {
		char letter = (*at)[1];

		*at += 2;
		return read_letter(term, letter, at, error);
	}
	if (read_named(term, *at, at, &local))
		return TRUE;
	if (local) {
		g_propagate_error(error, g_steal_pointer(&local));
		return FALSE;
	}
	word = next_word(at);
	if (word && (!strcmp(word, ".") || !strcmp(word, "*")))
		return TRUE;
	return set_word(term, FIELD_FROM | FIELD_TO | FIELD_CC | FIELD_SUBJECT, word, error);
}

struct pattern *
pattern_new(const char *text, GError **error)
{
	struct pattern *pattern = g_new0(struct pattern, 1);
	const char *at = text;

	pattern->terms = g_array_new(FALSE, TRUE, sizeof(struct term));
	g_array_set_clear_func(pattern->terms, term_clear);
	for (;;) {
		struct term term = {0};

		while (*at == ' ')
			at++;
		if (!*at && pattern->terms->len)
			return pattern;
		if (pattern->terms->len >= TERMS_MAX) {
			fulmar_fail(error, FULMAR_USAGE, _("the pattern is too long"));
			break;
		}
		if (!read_term(&term, &at, error))
			break;
		g_array_append_val(pattern->terms, term);
	}
	pattern_free(pattern);
	return NULL;
}

/* -- matching -- */

static gboolean
holds(const char *text, const struct term *term)
{
	g_autofree char *folded = NULL;

	if (!text || !*text)
		return FALSE;
	if (term->exact_case)
		return strstr(text, term->word) != NULL;
	folded = g_utf8_casefold(text, -1);
	return strstr(folded, term->word) != NULL;
}

static gboolean
any_holds(const GPtrArray *addresses, const struct term *term)
{
	for (guint i = 0; i < addresses->len; i++) {
		const struct mime_address *address = addresses->pdata[i];

		if (holds(address->name, term) || holds(address->email, term))
			return TRUE;
	}
	return FALSE;
}

/* Keywords are whole words, in either case (RFC 9051 §2.3.2). */
static gboolean
has_keyword(const char *keywords, const char *word)
{
	g_auto(GStrv) all = g_strsplit(keywords, " ", -1);

	for (char **k = all; *k; k++)
		if (!g_ascii_strcasecmp(*k, word))
			return TRUE;
	return FALSE;
}

static gboolean
term_holds(const struct term *term, const struct store_row *row)
{
	if (!term->fields)
		return (row->flags & term->mask) == term->want;
	return (term->fields & FIELD_SUBJECT && holds(row->subject, term)) ||
	       (term->fields & FIELD_FROM && any_holds(row->from, term)) ||
	       (term->fields & FIELD_TO && any_holds(row->to, term)) ||
	       (term->fields & FIELD_CC && any_holds(row->cc, term)) ||
	       (term->fields & FIELD_KEYWORD && has_keyword(row->keywords, term->word));
}

gboolean
pattern_matches(const struct pattern *pattern, const struct store_row *row)
{
	for (guint i = 0; i < pattern->terms->len; i++) {
		const struct term *term = &g_array_index(pattern->terms, struct term, i);

		if (term_holds(term, row) == term->negated)
			return FALSE;
	}
	return TRUE;
}
