#include "query/query-private.h"

#include <string.h>

#include "base/error.h"
#include "base/i18n.h"
#include "base/text.h"

/* From text to a tree, in one pass: any of ("or") all of ("and", or nothing between them) terms, each turned
 * round by "not", "!" or "-", or a query in parentheses. */

struct parser {
	const char *at;
	const struct query_use *use;
	guint terms, open; /* terms so far; parentheses that are open */
	gboolean words;
	GError **error;
};

enum { QUOTED_CHARS = 60 };

/* What is quoted in an error: one line. Gives. */
static char *
shorten(const char *text, gsize len)
{
	g_autofree char *all = text_safe(text, (gssize)len);

	return g_utf8_strlen(all, -1) > QUOTED_CHARS ? g_utf8_substring(all, 0, QUOTED_CHARS)
	                                             : g_steal_pointer(&all);
}

static gboolean
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void
skip_blanks(struct parser *p)
{
	while (is_blank(*p->at))
		p->at++;
}

/* ---- words ---- */

/* A word without quotes ends before a blank, or before the parenthesis that closes a group. */
static gsize
bare_length(const struct parser *p, const char *at)
{
	gsize len = 0;

	while (at[len] && !is_blank(at[len]) && !(at[len] == ')' && p->open))
		len++;
	return len;
}

/* At a quote: what stands behind it up to the next. NULL with error. */
static char *
read_quoted(struct parser *p)
{
	g_autoptr(GString) word = g_string_new(NULL);

	for (p->at++; *p->at && *p->at != '"'; p->at++) {
		if (*p->at == '\\' && (p->at[1] == '"' || p->at[1] == '\\'))
			p->at++;
		g_string_append_c(word, *p->at);
	}
	if (!*p->at) {
		fulmar_fail(p->error, FULMAR_USAGE, _("a quote is opened and not closed"));
		return NULL;
	}
	p->at++;
	return g_strdup(word->str);
}

/* The next word. NULL with error. */
static char *
read_word(struct parser *p)
{
	g_autofree char *word = NULL;
	gsize len;

	skip_blanks(p);
	if (*p->at == '"') {
		word = read_quoted(p);
		if (!word)
			return NULL;
	} else {
		len = bare_length(p, p->at);
		word = g_strndup(p->at, len);
		p->at += len;
	}
	if (*word)
		return g_steal_pointer(&word);
	fulmar_fail(p->error, FULMAR_USAGE, _("a word is missing at the end, or between quotes"));
	return NULL;
}

static gboolean
has_capital(const char *word)
{
	for (; *word; word = g_utf8_next_char(word))
		if (g_unichar_isupper(g_utf8_get_char(word)))
			return TRUE;
	return FALSE;
}

static void
set_text(const struct parser *p, struct query_term *term, const char *word)
{
	term->exact_case = p->use->smart_case && has_capital(word);
	term->word = term->exact_case ? g_strdup(word) : query_fold(word);
}

/* ---- terms ---- */

/* form: as it was written, len octets. */
static gboolean
can_answer(const struct parser *p, const struct query_term *term, const char *form, gsize len)
{
	g_autofree char *quoted = NULL;

	if (!(p->use->without & 1u << term->what) &&
	    !(term->what == QUERY_TEXT && term->fields & p->use->without_fields))
		return TRUE;
	quoted = shorten(form, len);
	fulmar_fail(p->error, FULMAR_USAGE, _("“%s” cannot be asked for here"), quoted);
	return FALSE;
}

static gboolean
read_value(struct parser *p, const struct query_form *form, struct query_term *term)
{
	g_autofree char *value = read_word(p), *quoted = NULL;

	if (!value)
		return FALSE;
	if (!form->read)
		set_text(p, term, value);
	if (!form->read || form->read(term, value))
		return TRUE;
	quoted = shorten(value, strlen(value));
	fulmar_fail(p->error, FULMAR_USAGE, _("“%s” cannot be understood; it may be %s"), quoted,
	            form->example);
	return FALSE;
}

static gboolean
read_letter(struct parser *p, struct query_term *term)
{
	const char *start = p->at;
	const struct query_form *form = form_of_letter(start[1]);
	g_autofree char *known = NULL;

	p->at += 2;
	if (!form && form_state(start[1], term))
		return can_answer(p, term, start, 2);
	if (form) {
		term->what = form->what;
		term->fields = form->fields;
		term->arrived = start[1] == 'r';
		return can_answer(p, term, start, 2) && read_value(p, form, term);
	}
	known = form_letters();
	fulmar_fail(p->error, FULMAR_USAGE, _("“~%c” is not known here; there are %s"),
	            g_ascii_isprint(start[1]) ? start[1] : '?', known);
	return FALSE;
}

/* Behind "header:": "NAME" or "NAME:WORD". */
static gboolean
read_header(struct parser *p, struct query_term *term)
{
	gsize len;

	skip_blanks(p);
	len = MIN(bare_length(p, p->at), strcspn(p->at, ":\""));
	if (!len) {
		fulmar_fail(p->error, FULMAR_USAGE,
		            _("a header wants a name: header:NAME or header:NAME:WORD"));
		return FALSE;
	}
	term->what = QUERY_HEADER;
	term->name = g_strndup(p->at, len);
	p->at += len;
	if (*p->at != ':')
		return TRUE;
	p->at++;
	{
		g_autofree char *word = read_word(p);

		if (word)
			set_text(p, term, word);
		return word != NULL;
	}
}

/* "12:30" and "https://…" are words. */
static gboolean
is_prefix(const char *start, gsize len)
{
	gboolean letter = FALSE;

	for (gsize i = 0; i < len; i++) {
		if (!g_ascii_isalnum(start[i]) && start[i] != '-' && start[i] != '_')
			return FALSE;
		letter |= g_ascii_isalpha(start[i]) != 0;
	}
	return letter && start[len] == ':' && start[len + 1] != '/';
}

static void
fail_unknown(struct parser *p, const char *start, gsize len)
{
	g_autofree char *name = shorten(start, len);
	const char *nearest = form_nearest(name);

	if (nearest)
		fulmar_fail(p->error, FULMAR_USAGE,
		            _("“%s:” is not known; did you mean “%s:”? What is a word goes into quotes"),
		            name, nearest);
	else
		fulmar_fail(p->error, FULMAR_USAGE, _("“%s:” is not known; what is a word goes into quotes"),
		            name);
}

static gboolean
read_named(struct parser *p, struct query_term *term, gsize len)
{
	const char *start = p->at;
	const struct query_form *form = form_of_name(start, len);

	if (!form && (len != 6 || g_ascii_strncasecmp(start, "header", 6) != 0)) {
		fail_unknown(p, start, len);
		return FALSE;
	}
	p->at += len + 1;
	if (!form) {
		term->what = QUERY_HEADER;
		return can_answer(p, term, start, len + 1) && read_header(p, term);
	}
	term->what = form->what;
	term->fields = form->fields;
	return can_answer(p, term, start, len + 1) && read_value(p, form, term);
}

static gboolean
read_bare(struct parser *p, struct query_term *term)
{
	gboolean quoted = *p->at == '"';
	g_autofree char *word = read_word(p);

	if (!word)
		return FALSE;
	if (!quoted && (!strcmp(word, ".") || !strcmp(word, "*"))) {
		term->what = QUERY_EVERY;
		return TRUE;
	}
	term->what = QUERY_TEXT;
	term->fields = p->use->words;
	p->words = TRUE;
	set_text(p, term, word);
	return TRUE;
}

static gboolean
read_term(struct parser *p, struct query_term *term)
{
	gsize len = strcspn(p->at, ": \t\r\n\"()");

	if (*p->at == '~' && p->at[1] && !is_blank(p->at[1]))
		return read_letter(p, term);
	if (*p->at != '"' && is_prefix(p->at, len))
		return read_named(p, term, len);
	return read_bare(p, term);
}

static gboolean
is_of_row(const struct query_term *term)
{
	switch (term->what) {
	case QUERY_HEADER:
	case QUERY_FILENAME:
	case QUERY_ATTACHMENT:
		return FALSE;
	case QUERY_TEXT:
		return !(term->fields & QUERY_BODY);
	case QUERY_EVERY:
	case QUERY_KEYWORD:
	case QUERY_STATE:
	case QUERY_SIZE:
	case QUERY_DATE:
	case QUERY_AGE:
	case QUERY_FOLDER:
	case QUERY_ACCOUNT:
	case QUERY_THREAD:
	case QUERY_ID:
	case QUERY_WHATS:
		break;
	}
	return TRUE;
}

static struct query_node *
parse_term(struct parser *p)
{
	struct query_node *node = node_new(QUERY_TERM);

	if (++p->terms > QUERY_TERMS)
		fulmar_fail(p->error, FULMAR_USAGE, _("the query is too long"));
	else if (read_term(p, &node->term)) {
		node->reads = !is_of_row(&node->term);
		return node;
	}
	node_free(node);
	return NULL;
}

/* ---- what holds terms together ---- */

/* An unquoted word that means something, in lower case or in capitals alone. */
static gboolean
take_word(struct parser *p, const char *lower, const char *upper)
{
	gsize len;

	skip_blanks(p);
	len = MIN(bare_length(p, p->at), strcspn(p->at, "("));
	if (strlen(lower) != len || (strncmp(p->at, lower, len) != 0 && strncmp(p->at, upper, len) != 0))
		return FALSE;
	p->at += len;
	return TRUE;
}

static gboolean
take_or(struct parser *p)
{
	return take_word(p, "or", "OR") || take_word(p, "|", "||");
}

static gboolean
take_not(struct parser *p)
{
	if (take_word(p, "not", "NOT"))
		return TRUE;
	if (*p->at != '!' && (*p->at != '-' || !p->at[1] || is_blank(p->at[1])))
		return FALSE;
	p->at++;
	return TRUE;
}

static struct query_node *parse_any(struct parser *p);

static struct query_node *
parse_group(struct parser *p)
{
	struct query_node *node;

	if (p->open == QUERY_DEPTH) {
		fulmar_fail(p->error, FULMAR_USAGE, _("too many parentheses are open at once"));
		return NULL;
	}
	p->at++;
	p->open++;
	node = parse_any(p);
	skip_blanks(p);
	if (node && *p->at != ')') {
		fulmar_fail(p->error, FULMAR_USAGE, _("a parenthesis is opened and not closed"));
		g_clear_pointer(&node, node_free);
	}
	p->open--;
	p->at += node != NULL;
	return node;
}

static struct query_node *
parse_one(struct parser *p)
{
	gboolean negated = FALSE;
	struct query_node *node, *not ;

	while (take_not(p))
		negated = !negated;
	skip_blanks(p);
	if (*p->at == ')' && !p->open) {
		fulmar_fail(p->error, FULMAR_USAGE, _("a parenthesis is closed that was not opened"));
		return NULL;
	}
	if (take_or(p) || take_word(p, "and", "AND")) {
		fulmar_fail(p->error, FULMAR_USAGE,
		            _("“and” and “or” stand between two words; what is a word goes into quotes"));
		return NULL;
	}
	node = *p->at == '(' ? parse_group(p) : parse_term(p);
	if (!node || !negated)
		return node;
	not = node_new(QUERY_NOT);
	node_add(not, node);
	return not ;
}

static gboolean
is_end(struct parser *p)
{
	skip_blanks(p);
	return !*p->at || (*p->at == ')' && p->open);
}

/* Those of all, up to an "or" or the end. */
static struct query_node *
parse_all(struct parser *p, gboolean *more)
{
	struct query_node *all = node_new(QUERY_AND);

	for (;;) {
		struct query_node *one = parse_one(p);

		if (!one) {
			node_free(all);
			return NULL;
		}
		node_add(all, one);
		if (take_word(p, "and", "AND"))
			continue;
		*more = take_or(p);
		if (*more || is_end(p))
			return node_close(all);
	}
}

static struct query_node *
parse_any(struct parser *p)
{
	struct query_node *any = node_new(QUERY_OR);
	gboolean more = TRUE;

	while (more) {
		struct query_node *all = parse_all(p, &more);

		if (!all) {
			node_free(any);
			return NULL;
		}
		node_add(any, all);
	}
	return node_close(any);
}

struct query *
query_new(const char *text, const struct query_use *use, GError **error)
{
	GError *failed = NULL;
	struct parser p = {.at = text, .use = use, .error = &failed};
	struct query_node *root = NULL;
	struct query *query;

	if (!g_utf8_validate(text, -1, NULL))
		fulmar_fail(&failed, FULMAR_USAGE, _("the query is not text in UTF-8"));
	else if (strlen(text) > QUERY_OCTETS)
		fulmar_fail(&failed, FULMAR_USAGE, _("the query is too long"));
	else
		root = parse_any(&p);
	if (!root) {
		g_propagate_error(error, failed);
		return NULL;
	}
	query = g_new0(struct query, 1);
	query->root = root;
	query->words = p.words;
	return query;
}
