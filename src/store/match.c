#include "store/match.h"

#include <string.h>

#include "base/keyword.h"

G_STATIC_ASSERT((int)QUERY_SEEN == (int)FLAG_SEEN && (int)QUERY_ANSWERED == (int)FLAG_ANSWERED &&
                (int)QUERY_FLAGGED == (int)FLAG_FLAGGED && (int)QUERY_DELETED == (int)FLAG_DELETED &&
                (int)QUERY_DRAFT == (int)FLAG_DRAFT && (int)QUERY_FORWARDED == (int)FLAG_FORWARDED);

/* What terms look into, each made once and only if it is asked for. */
enum { FROM, TO, CC, SUBJECT, LIST, BODY, TEXTS };

struct facts {
	const struct store_row *row;
	const struct match_place *place;
	const struct match_source *source;
	char *made[TEXTS], *folded[TEXTS];
};

static enum query_answer
answer(gboolean yes)
{
	return yes ? QUERY_YES : QUERY_NO;
}

/* ---- words ---- */

/* Names and addresses with line ends between, so that no word is found across two of them. */
static char *
join(const GPtrArray *addresses)
{
	GString *all = g_string_new(NULL);

	for (guint i = 0; i < addresses->len; i++) {
		const struct mime_address *address = addresses->pdata[i];

		g_string_append_printf(all, "%s\n%s\n", address->name, address->email);
	}
	return g_string_free(all, FALSE);
}

/* NULL: it is not here. */
static const char *
text_of(struct facts *facts, guint at)
{
	const struct store_row *row = facts->row;

	switch (at) {
	case SUBJECT:
		return row->subject;
	case LIST:
		return row->list_id;
	case BODY:
		return facts->source ? facts->source->text(facts->source->user) : NULL;
	default:
		break;
	}
	if (!facts->made[at])
		facts->made[at] = join(at == FROM ? row->from : at == TO ? row->to : row->cc);
	return facts->made[at];
}

static enum query_answer
finds_in(struct facts *facts, const struct query_term *term, guint at)
{
	const char *text = text_of(facts, at);

	if (!text)
		return QUERY_LACKS;
	if (!term->exact_case && !facts->folded[at])
		facts->folded[at] = query_fold(text);
	return answer(query_finds_folded(term, text, facts->folded[at]));
}

/* The text, which may have to be read, comes last. */
static enum query_answer
finds(struct facts *facts, const struct query_term *term)
{
	static const guint fields[TEXTS] = {
	        [FROM] = QUERY_FROM,       [TO] = QUERY_TO,     [CC] = QUERY_CC,
	        [SUBJECT] = QUERY_SUBJECT, [LIST] = QUERY_LIST, [BODY] = QUERY_BODY};
	enum query_answer found = QUERY_NO;

	for (guint i = 0; i < TEXTS && found == QUERY_NO; i++)
		if (term->fields & fields[i])
			found = finds_in(facts, term, i);
	return found;
}

/* ---- the header block ---- */

static gboolean
is_field(const struct query_term *term, const struct mime_field *field)
{
	return !term->name || (strlen(term->name) == field->name_len &&
	                       !g_ascii_strncasecmp(term->name, field->name, field->name_len));
}

/* Of any field its name is looked at, too. */
static gboolean
field_has(const struct query_term *term, const struct mime_field *field)
{
	g_autofree char *value = mime_decode_words(field->value, field->value_len);
	g_autofree char *line = NULL;

	if (!term->word || query_finds(term, value))
		return TRUE;
	if (term->name || !g_utf8_validate(field->name, (gssize)field->name_len, NULL))
		return FALSE;
	line = g_strdup_printf("%.*s: %s", (int)field->name_len, field->name, value);
	return query_finds(term, line);
}

static enum query_answer
header_has(const struct facts *facts, const struct query_term *term)
{
	GBytes *header = facts->source ? facts->source->header(facts->source->user) : NULL;
	struct mime_field field;
	const char *at, *end;
	gsize len;

	if (!header)
		return QUERY_LACKS;
	at = g_bytes_get_data(header, &len);
	for (end = at + len; at && mime_field_next(&at, end, &field);)
		if (is_field(term, &field) && field_has(term, &field))
			return QUERY_YES;
	return QUERY_NO;
}

/* ---- parts ---- */

static enum query_answer
has_attachment(const struct facts *facts)
{
	const struct mime_part *root;
	int known = facts->row->attachments;

	if (known >= 0 || !facts->source)
		return answer(known > 0 || known == -2);
	root = facts->source->structure(facts->source->user);
	if (!root)
		return QUERY_LACKS;
	g_autoptr(GPtrArray) attachments = mime_part_attachments(root);

	return answer(attachments->len > 0);
}

static enum query_answer
has_filename(const struct facts *facts, const struct query_term *term)
{
	const struct mime_part *root = NULL;

	if (facts->row->attachments == 0)
		return QUERY_NO;
	if (facts->source)
		root = facts->source->structure(facts->source->user);
	if (!root)
		return QUERY_LACKS;
	g_autoptr(GPtrArray) attachments = mime_part_attachments(root);

	for (guint i = 0; i < attachments->len; i++) {
		const char *name = ((const struct mime_part *)attachments->pdata[i])->name;

		if (name && query_finds(term, name))
			return QUERY_YES;
	}
	return QUERY_NO;
}

/* ---- the row ---- */

static gint64
time_of(const struct store_row *row, const struct query_term *term)
{
	return row->has_date && !term->arrived ? row->date : row->received;
}

static gboolean
is_age(const struct facts *facts, const struct query_term *term)
{
	gint64 age = facts->place->now - time_of(facts->row, term);

	return age >= term->lo && age <= term->hi;
}

/* "Lists/kernel", or with the account before it. INBOX is that in either case. */
static gboolean
is_folder(const struct match_place *place, const char *word)
{
	gsize len = strlen(place->account);

	if (!strncmp(word, place->account, len) && word[len] == '/' && !strcmp(word + len + 1, place->folder))
		return TRUE;
	return !strcmp(word, place->folder) ||
	       (!strcmp(place->folder, "INBOX") && !g_ascii_strcasecmp(word, "INBOX"));
}

/* The number that fulmar gives it, or its Message-ID. */
static gboolean
is_message(const struct facts *facts, const char *word)
{
	const char *id = facts->row->message_id, *colon = strrchr(word, ':');
	gsize len = strlen(id), account = strlen(facts->place->account);
	gint64 number;

	if (!strcmp(id, word) || (len > 2 && strlen(word) == len - 2 && !memcmp(id + 1, word, len - 2)))
		return TRUE;
	if (colon && ((gsize)(colon - word) != account || memcmp(word, facts->place->account, account) != 0))
		return FALSE;
	return g_ascii_string_to_signed(colon ? colon + 1 : word, 10, 1, G_MAXINT64, &number, NULL) &&
	       number == facts->row->id;
}

static enum query_answer
ask(const struct query_term *term, void *user)
{
	struct facts *facts = user;
	const struct store_row *row = facts->row;

	switch (term->what) {
	case QUERY_EVERY:
		return QUERY_YES;
	case QUERY_TEXT:
		return finds(facts, term);
	case QUERY_HEADER:
		return header_has(facts, term);
	case QUERY_FILENAME:
		return has_filename(facts, term);
	case QUERY_ATTACHMENT:
		return has_attachment(facts);
	case QUERY_KEYWORD:
		return answer(keyword_is_among(row->keywords, term->word, strlen(term->word)));
	case QUERY_STATE:
		return answer((row->flags & term->mask) == term->want);
	case QUERY_SIZE:
		return answer(row->size >= (guint64)term->lo &&
		              (gint64)MIN(row->size, G_MAXINT64) <= term->hi);
	case QUERY_DATE:
		return answer(time_of(row, term) >= term->lo && time_of(row, term) < term->hi);
	case QUERY_AGE:
		return answer(is_age(facts, term));
	case QUERY_FOLDER:
		return answer(is_folder(facts->place, term->word));
	case QUERY_ACCOUNT:
		return answer(!strcmp(facts->place->account, term->word));
	case QUERY_THREAD:
		return answer(row->thread == term->lo);
	case QUERY_ID:
		return answer(is_message(facts, term->word));
	case QUERY_WHATS:
		break;
	}
	return QUERY_NO;
}

enum query_answer
match_row(const struct query *query, const struct store_row *row, const struct match_place *place,
          const struct match_source *source)
{
	struct facts facts = {.row = row, .place = place, .source = source};
	enum query_answer all = query_answer(query, ask, &facts);

	for (guint i = 0; i < TEXTS; i++) {
		g_free(facts.made[i]);
		g_free(facts.folded[i]);
	}
	return all;
}
