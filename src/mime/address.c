/* Address lists (RFC 5322 §3.4) as they come. One pass: a mailbox is gathered word by word and read when its
 * comma is met; what looks like an address inside (brackets, else an '@') is the address, all else is the
 * name.
 */
#include "mime/envelope.h"
#include "mime/scan.h"
#include <string.h>

enum { ADDRESSES_MAX = 10000 };

struct scan {
	const char *p, *end;
	GPtrArray *out;
	guint first; /* length of out before */
	/* Each holds no more octets than the input has. */
	char *phrase, *comment, *email;
	gsize phrase_len, comment_len, email_len;
	gsize word;                        /* the last word's beginning in phrase */
	const char *word_start, *word_end; /* and its octets in the input */
	guint words;
	gboolean gap, quoted; /* a blank was seen; the last word was a quoted string */
	gboolean bare, angle; /* an address was found: without, with brackets */
	gsize address_from,
	        address_to; /* in phrase: what the bare address covers; where the brackets stood */
	gboolean open_comment,
	        open_quote; /* an unclosed one was met: these are ordinary octets from now on */
	gboolean in_group;
	char *group;
	guint members;
};

void
mime_address_free(gpointer data)
{
	struct mime_address *address = data;

	if (!address)
		return;
	g_free(address->name);
	g_free(address->email);
	g_free(address);
}

static void
emit(struct scan *s, const char *name, gsize name_len, const char *email, gsize email_len)
{
	struct mime_address *address;

	s->members++;
	if (s->out->len >= ADDRESSES_MAX)
		return;
	address = g_new(struct mime_address, 1);
	address->name = mime_decode_words(name, name_len);
	address->email = charset_dup_raw(email, email_len);
	g_ptr_array_add(s->out, address);
}

/* Leaves out what no address may hold; a space only stays in a quoted local part. */
static void
email_append(struct scan *s, const char *from, const char *to)
{
	gboolean quoted = from < to && *from == '"';

	if (scan_is_graph(from, (gsize)(to - from))) {
		memcpy(s->email + s->email_len, from, (gsize)(to - from));
		s->email_len += (gsize)(to - from);
		return;
	}
	for (; from < to; from++) {
		if (!scan_is(*from, SCAN_BLANK) || (quoted && *from == ' '))
			s->email[s->email_len++] = *from;
	}
}

static void
phrase_append(struct scan *s, const char *from, const char *to)
{
	if (scan_is_graph(from, (gsize)(to - from))) {
		memcpy(s->phrase + s->phrase_len, from, (gsize)(to - from));
		s->phrase_len += (gsize)(to - from);
	} else {
		s->phrase_len += words_unfold(s->phrase + s->phrase_len, from, to);
	}
}

/* What follows, from..to in the input, begins a new word if a blank stood before it, else it goes on with the
 * last. */
static void
begin_word(struct scan *s, const char *from, gboolean quoted)
{
	if (s->gap || !s->words || quoted) {
		if (s->phrase_len && s->gap)
			s->phrase[s->phrase_len++] = ' ';
		s->word = s->phrase_len;
		s->word_start = from;
		s->words++;
		s->quoted = quoted;
	}
	s->gap = FALSE;
}

static void
reset(struct scan *s)
{
	s->phrase_len = s->comment_len = s->email_len = 0;
	s->words = 0;
	s->bare = s->angle = s->gap = s->quoted = FALSE;
}

/* The name of an address is what stands before it (before), else its comment; behind brackets also what
 * stands there, but behind a bare address words are junk (mailbox separators have dates there). */
static void
emit_named(struct scan *s, gsize before)
{
	const char *name = s->phrase;
	gsize len = before;

	if (!len && s->angle)
		len = s->phrase_len;
	if (!len) {
		name = s->comment;
		len = s->comment_len;
	}
	emit(s, name, len, s->email, s->email_len);
}

/* Words without an address: one alone is a local mailbox, more are a name; a comment alone is one if nothing
 * else is there. */
static void
emit_words(struct scan *s)
{
	if (s->words == 1 && !s->quoted && scan_is_plain(s->phrase, s->phrase_len))
		emit(s, s->comment, s->comment_len, s->phrase, s->phrase_len);
	else if (s->phrase_len)
		emit(s, s->phrase, s->phrase_len, "", 0);
	else if (s->comment_len && s->out->len == s->first)
		emit(s, s->comment, s->comment_len, "", 0);
}

static void
finish(struct scan *s)
{
	if (s->angle || s->bare)
		emit_named(s, s->address_from);
	else
		emit_words(s);
	reset(s);
}

/* Keeps the words behind place (the comma before them is missing) for the next mailbox. */
static void
finish_before(struct scan *s, gsize place)
{
	gsize keep = s->phrase_len - place, word = s->word - place;
	guint words = s->words;
	gboolean quoted = s->quoted;
	const char *rest = s->phrase + place;

	s->phrase_len = place;
	finish(s);
	while (keep && word &&
	       *rest == ' ') { /* what was between the two; a quoted word may begin with one */
		rest++;
		keep--;
		word--;
	}
	memmove(s->phrase, rest, keep);
	s->phrase_len = keep;
	s->word = word;
	s->words = keep ? words : 0;
	s->quoted = quoted;
}

static void
end_group(struct scan *s)
{
	if (s->in_group && !s->members && s->group)
		emit(s, s->group, strlen(s->group), "", 0);
	s->in_group = FALSE;
	g_clear_pointer(&s->group, g_free);
}

static void
scan_group(struct scan *s)
{
	s->p++;
	if (s->bare || s->angle)
		return;
	end_group(s);
	s->in_group = TRUE;
	s->members = 0;
	s->group = s->phrase_len ? g_strndup(s->phrase, s->phrase_len) : NULL;
	reset(s);
}

static gboolean
scan_a_comment(struct scan *s)
{
	const char *close = s->open_comment ? NULL : scan_comment(s->p, s->end);

	if (!close) {
		s->open_comment = TRUE;
		return FALSE;
	}
	if (!s->comment_len) {
		for (const char *p = s->p + 1; p < close - 1; p++) {
			if (*p == '\\' && p + 1 < close - 1)
				p++;
			s->comment[s->comment_len++] = *p;
		}
	}
	s->p = close;
	s->gap = TRUE;
	return TRUE;
}

static gboolean
scan_a_quoted(struct scan *s)
{
	const char *close = s->open_quote ? NULL : scan_quoted(s->p, s->end);

	if (!close) {
		s->open_quote = TRUE;
		return FALSE;
	}
	begin_word(s, s->p, TRUE);
	for (const char *p = s->p + 1, *run; p < close; p = run) {
		if (*p == '\\' && p + 1 < close)
			p++;
		for (run = p + 1; run < close && *run != '\\'; run++)
			;
		phrase_append(s, p, run);
	}
	s->p = s->word_end = close + 1;
	return TRUE;
}

/* An encoded-word is one piece, also where its writer left commas or brackets in it. */
static void
scan_atom(struct scan *s)
{
	const char *from = s->p;
	struct word word;

	begin_word(s, from, FALSE);
	do {
		if (*s->p == '=' && scan_word(s->p, s->end, &word))
			s->p = word.after;
		else
			s->p++;
	} while (s->p < s->end && !scan_is(*s->p, SCAN_BLANK | SCAN_SPECIAL));
	phrase_append(s, from, s->p);
	s->word_end = s->p;
}

static const char *
domain_end(const char *p, const char *end)
{
	if (p < end && *p == '[') {
		while (p < end && *p != ']' && *p != ',' && *p != '>' && !scan_is(*p, SCAN_BLANK))
			p++;
		return p < end && *p == ']' ? p + 1 : p;
	}
	while (p < end && (*p == '@' || !scan_is(*p, SCAN_BLANK | SCAN_SPECIAL)))
		p++;
	return p;
}

/* The last word is a local part. */
static void
scan_at(struct scan *s)
{
	const char *domain, *end;

	if (s->angle || !s->words || (s->bare && s->word < s->address_to)) {
		scan_atom(s);
		return;
	}
	if (s->bare)
		finish_before(s, s->address_to);
	domain = scan_blanks(s->p + 1, s->end);
	end = domain_end(domain, s->end);
	s->email_len = 0;
	email_append(s, s->word_start, s->word_end);
	s->email[s->email_len++] = '@';
	email_append(s, domain, end);
	s->bare = TRUE;
	s->address_from = s->word;
	phrase_append(s, s->p, s->p + 1);
	phrase_append(s, domain, end);
	s->address_to = s->phrase_len;
	s->word_end = s->p = end;
	s->gap = FALSE;
}

/* RFC 5322 §4.4: "@relay,@relay:" before an address says nothing any more. */
static const char *
skip_route(const char *p, const char *end)
{
	const char *q = p;

	if (q >= end || *q != '@')
		return p;
	while (q < end && *q != ':' && *q != '<' && *q != '>' && *q != '"')
		q++;
	return q < end && *q == ':' ? q + 1 : p;
}

/* One piece between the brackets: a comment, a quoted local part, or octets as they are. */
static void
scan_in_angle(struct scan *s)
{
	const char *from = s->p, *close;

	if (*from == '(' && scan_a_comment(s))
		return;
	close = *from == '"' && !s->open_quote ? scan_quoted(from, s->end) : NULL;
	s->open_quote |= *from == '"' && !close;
	s->p = close ? close + 1 : from + 1;
	while (!close && s->p < s->end && !scan_is(*s->p, SCAN_BLANK | SCAN_SPECIAL))
		s->p++;
	email_append(s, from, s->p);
}

static void
scan_angle(struct scan *s)
{
	if (s->angle)
		finish_before(s, s->address_from);
	s->bare = FALSE;
	s->angle = TRUE;
	s->address_from = s->phrase_len;
	s->email_len = 0;
	while (s->p < s->end && (*s->p == '<' || scan_is(*s->p, SCAN_BLANK)))
		s->p++;
	s->p = skip_route(s->p, s->end);
	if (s->end - s->p > 7 && !g_ascii_strncasecmp(s->p, "mailto:", 7))
		s->p += 7;
	while (s->p < s->end && *s->p != '<' && *s->p != '>' && *s->p != ',' && *s->p != ';')
		scan_in_angle(s);
	if (s->p < s->end && *s->p == '>')
		s->p++;
	s->gap = TRUE;
}

static void
scan_next(struct scan *s)
{
	switch (*s->p) {
	case '<':
		scan_angle(s);
		return;
	case '>':
		s->p++;
		return;
	case ',':
	case ';':
		finish(s);
		if (*s->p++ == ';')
			end_group(s);
		return;
	case ':':
		scan_group(s);
		return;
	case '@':
		scan_at(s);
		return;
	case '(':
		if (scan_a_comment(s))
			return;
		break;
	case '"':
		if (scan_a_quoted(s))
			return;
		break;
	case ')':
		break;
	}
	scan_atom(s);
}

void
mime_parse_addresses(GPtrArray *out, const char *value, gsize len)
{
	char few[1536];
	g_autofree char *many = len * 3 + 3 > sizeof few ? g_malloc(len * 3 + 3) : NULL;
	char *room = many ? many : few;
	struct scan s = {.p = value, .end = value + len, .out = out};

	s.phrase = room;
	s.comment = room + len + 1;
	s.email = room + 2 * (len + 1);
	while (s.p < s.end) {
		if (scan_is(*s.p, SCAN_BLANK)) {
			s.gap = TRUE;
			s.p++;
		} else {
			scan_next(&s);
		}
	}
	finish(&s);
	end_group(&s);
}
